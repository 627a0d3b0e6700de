import { type BigIntStats, statSync } from 'node:fs'
import { AetherError, messageOf } from '../../../core/index.ts'

/**
 * The file that was opened, as the directory has it. SQLite goes on with a file that somebody removed or
 * replaced: all would be answered, and gone with the process.
 */
export class KeptFile {
  readonly #path: string
  readonly #opened: BigIntStats | undefined

  /** @param path of a file that is open; what is in memory alone is never missed */
  constructor(path: string) {
    this.#path = path
    this.#opened = look(path)
  }

  /** @throws AetherError `store-unavailable` where it isn't there any more, or another one is, or nobody can tell */
  check(): void {
    if (!this.#opened) return
    const found = this.#found()
    if (found?.ino === this.#opened.ino && found.dev === this.#opened.dev) return
    const what = found ? 'replaced by another file' : 'removed'
    throw new AetherError(
      'store-unavailable',
      `${this.#path} was ${what} while it was open, so that nothing written to it would last: put it back and open it again`,
    )
  }

  #found(): BigIntStats | undefined {
    try {
      return look(this.#path)
    } catch (cause) {
      const reason = `${this.#path} cannot be looked for any more (${messageOf(cause)}): check its directory and its disk`
      throw new AetherError('store-unavailable', reason, { cause })
    }
  }
}

function look(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}
