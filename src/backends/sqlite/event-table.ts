import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { AetherError, messageOf } from '../../core/index.ts'
import { placeCommit, type WriteOutcome } from '../../store/index.ts'
import { eventColumns, type EventRow } from './event-row.ts'
import { isIoFailure } from './sqlite-failure.ts'
import type { WriteRequest } from './write-request.ts'

/** The statements on an open file. Synchronous: nothing comes between two steps of one method. */
export class EventTable {
  readonly file: string
  readonly #db: DatabaseSync
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #insert: StatementSync
  readonly #latestVersion: StatementSync
  readonly #ofActor: StatementSync
  readonly #ofAll: StatementSync

  constructor(db: DatabaseSync, file: string) {
    this.file = file
    this.#db = db
    // IMMEDIATE takes the writer's lock at once: the versions checked inside stay true.
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#insert = db.prepare(
      'INSERT INTO event (actor, version, id, type, time, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#latestVersion = arrays(db, 'SELECT max(version) FROM event WHERE actor = ?')
    this.#ofActor = arrays(
      db,
      `SELECT ${eventColumns} FROM event
       WHERE actor = ? AND version BETWEEN ? AND ? ORDER BY version LIMIT ?`,
    )
    this.#ofAll = arrays(
      db,
      `SELECT ${eventColumns} FROM event WHERE position > ? ORDER BY position LIMIT ?`,
    )
  }

  /**
   * Stores the requests in one transaction, in their order, each if its actor is at the version
   * that it expects. Everything is on disk when it returns; nothing is stored where it throws.
   * @throws what SQLite throws; AetherError `outcome-unknown` where the disk failed the COMMIT.
   */
  store(requests: readonly WriteRequest[]): WriteOutcome[] {
    this.#begin.run()
    try {
      const outcomes = requests.map((request) => this.#place(request))
      this.#makeDurable()
      return outcomes
    } catch (thrown) {
      this.#rollBack()
      throw thrown
    }
  }

  latestVersion(actor: string): number {
    const [version] = this.#latestVersion.get(actor) as unknown as readonly [number | null]
    return version ?? 0
  }

  ofActor(actor: string, first: number, last: number, limit: number): readonly EventRow[] {
    return this.#ofActor.all(actor, integer(first), integer(last), limit) as unknown as EventRow[]
  }

  ofAll(after: number, limit: number): readonly EventRow[] {
    return this.#ofAll.all(integer(after), limit) as unknown as EventRow[]
  }

  get isOpen(): boolean {
    return this.#db.isOpen
  }

  /** The last one to close the file leaves nothing beside it. */
  close(): void {
    this.#db.close()
  }

  #place({ commit, expectedVersion, actor, rows }: WriteRequest): WriteOutcome {
    const currentVersion = this.latestVersion(actor)
    if (expectedVersion !== 'any' && expectedVersion !== currentVersion)
      return { ok: false, currentVersion }
    const firstVersion = currentVersion + 1
    const positions = rows.map(
      (row, index) => this.#insert.run(actor, firstVersion + index, ...row).lastInsertRowid,
    )
    const events = placeCommit(commit, firstVersion, (index) => positions[index] as number)
    return { ok: true, events }
  }

  #makeDurable(): void {
    try {
      this.#commit.run()
    } catch (thrown) {
      if (!isIoFailure(thrown)) throw thrown
      // The disk may have all of it even so, and a recovery after a crash would find it there.
      throw new AetherError(
        'outcome-unknown',
        `${this.file} may or may not have been written (${messageOf(thrown)}): check its disk and repeat with the same event ids`,
        { cause: thrown },
      )
    }
  }

  #rollBack(): void {
    // After some errors SQLite has done so already.
    if (!this.#db.isTransaction) return
    try {
      this.#db.exec('ROLLBACK')
    } catch {
      // The transaction has ended all the same, and what is known of it is in the first error.
    }
  }
}

/** A statement that answers with tuples. */
function arrays(db: DatabaseSync, query: string): StatementSync {
  const statement = db.prepare(query)
  statement.setReturnArrays(true)
  return statement
}

/** The largest number that a column holds, for a bound that is infinite. */
function integer(bound: number): number {
  return Math.min(bound, Number.MAX_SAFE_INTEGER)
}
