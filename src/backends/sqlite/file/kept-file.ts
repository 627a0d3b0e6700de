import { type BigIntStats, statSync } from 'node:fs'
import { AetherError } from '../../../core/index.ts'

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

  /** @throws AetherError `store-unavailable` where it isn't there any more, or another one is */
  check(): void {
    if (!this.#opened) return
    const found = look(this.#path)
    if (found?.ino === this.#opened.ino && found.dev === this.#opened.dev) return
    const what = found ? 'replaced by another file' : 'removed'
    throw new AetherError(
      'store-unavailable',
      `${this.#path} was ${what} while it was open, so that nothing written to it would last: put it back and open it again`,
    )
  }
}

function look(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false })
}
