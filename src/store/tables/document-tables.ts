import { AetherError, type Logger } from '../../core/index.ts'
import { UnderWay } from '../append/under-way.ts'
import { CheckedTable } from './checked-table.ts'
import type { DocumentTable } from './document-table.ts'

/**
 * What a backend implements to have tables: each is asked for once an open store, by a name that was
 * checked. What comes in is checked above it, once.
 */
export interface TableShelf {
  open(name: string): Promise<DocumentTable>
  /** Releases everything, after all writes have ended. Called once. */
  close(): Promise<void>
}

const namePattern = /^[a-z][a-z0-9-]{0,30}$/

/** The tables of one open store. */
export class DocumentTables {
  readonly #shelf: TableShelf
  readonly #logger: Logger
  readonly #underWay = new UnderWay()
  readonly #closed = new AbortController()
  readonly #opened = new Map<string, Promise<DocumentTable>>()

  constructor(shelf: TableShelf, logger: Logger) {
    this.#shelf = shelf
    this.#logger = logger
  }

  /** @throws AetherError `invalid-argument`; what the shelf throws */
  open(name: string): Promise<DocumentTable> {
    checkName(name)
    const known = this.#opened.get(name)
    if (known) return known
    const opening = this.#open(name)
    this.#opened.set(name, opening)
    // One that couldn't be opened is tried again.
    opening.catch(() => this.#opened.delete(name))
    return opening
  }

  /** Ends watching, and waits for the writes under way. */
  async close(): Promise<void> {
    this.#closed.abort()
    await this.#underWay.none()
    await this.#shelf.close()
  }

  async #open(name: string): Promise<DocumentTable> {
    const opening = this.#shelf.open(name)
    this.#underWay.enter(opening)
    const { signal } = this.#closed
    const around = { underWay: this.#underWay, closed: signal, logger: this.#logger }
    return new CheckedTable(name, await opening, around)
  }
}

function checkName(name: string): void {
  if (typeof name === 'string' && namePattern.test(name)) return
  throw new AetherError(
    'invalid-argument',
    `a table's name must be 1 to 31 of a-z, 0-9 and -, and start with a letter, not ${JSON.stringify(name)?.slice(0, 60)}`,
  )
}
