import { type BigIntStats, existsSync, statSync } from 'node:fs'
import { AetherError, messageOf } from '../../../core/index.ts'
import { beside } from './beside.ts'

/** A file that is open, as the directory had it. */
interface Opened {
  readonly path: string
  readonly stats: BigIntStats
  /** What helps where it is gone. */
  readonly advice: string
}

/**
 * How long what is written ahead counts as the same, as long as something is there: after each look at its times the
 * system writes them down with the next write, which makes a commit a tenth longer.
 */
const sameForMs = 100

/**
 * The file that was opened, with what SQLite keeps beside it, as the directory has them. SQLite goes on with files that
 * somebody removed or replaced: all would be answered, and gone with the process.
 */
export class KeptFile {
  readonly #opened: readonly Opened[]
  readonly #ahead: readonly Opened[]
  #aheadSeen = -Infinity

  /** @param path of a file that is open; what is in memory alone is never missed */
  constructor(path: string) {
    const { wal, shm } = beside(path)
    // Whoever closes the file as the last one still puts into it what was written ahead.
    const end = `end all processes that have ${path} open, in good order, and start them again`
    this.#opened = [...opened(path, 'put it back and open it again'), ...opened(shm, end)]
    this.#ahead = opened(wal, end)
  }

  /** @throws AetherError `store-unavailable` where one isn't there any more, or another one is, or nobody can tell */
  check(): void {
    for (const each of this.#opened) assertKept(each)
    for (const each of this.#ahead) this.#checkAhead(each)
  }

  #checkAhead(ahead: Opened): void {
    const now = performance.now()
    if (now - this.#aheadSeen < sameForMs && existsSync(ahead.path)) return
    assertKept(ahead)
    this.#aheadSeen = now
  }
}

function assertKept({ path, stats, advice }: Opened): void {
  const found = foundAt(path)
  if (found?.ino === stats.ino && found.dev === stats.dev) return
  const what = found ? 'replaced by another file' : 'removed'
  throw new AetherError(
    'store-unavailable',
    `${path} was ${what} while it was open, so that nothing written to it would last: ${advice}`,
  )
}

function opened(path: string, advice: string): readonly Opened[] {
  const stats = look(path)
  return stats ? [{ path, stats, advice }] : []
}

function foundAt(path: string): BigIntStats | undefined {
  try {
    return look(path)
  } catch (cause) {
    const reason = `${path} cannot be looked for any more (${messageOf(cause)}): check its directory and its disk`
    throw new AetherError('store-unavailable', reason, { cause })
  }
}

function look(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}
