import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type {
  InlineStep,
  LogEntry,
  LogFilter,
  Progress,
  ProgressChange,
  ProjectionBuild,
  StoreTransaction,
} from '../../../store/index.ts'
import type { EventTable, Scan } from '../events/event-table.ts'
import { ProjectionFile, WriteFailure } from './projection-file.ts'
import type { Sql } from './sql.ts'
import { rollBack } from '../file/transaction.ts'

/** How many rows are read at once. */
const batchSize = 500

/** Lets projections write inside the transactions that store events. */
export class InlineSeat {
  readonly #table: EventTable

  constructor(table: EventTable) {
    this.#table = table
  }

  get file(): string {
    return this.#table.file
  }

  /** As `InlineTarget.attach`. */
  attach(step: InlineStep<Sql>): Disposable {
    let file: InlineFile | undefined
    return this.#table.addHook((db, before) => {
      file ??= new InlineFile(db, this.#table)
      step(file.within(before))
    })
  }
}

/** Projections and events over the connection that stores events. */
class InlineFile {
  readonly #db: DatabaseSync
  readonly #table: EventTable
  readonly #file: ProjectionFile
  readonly #mark: StatementSync
  readonly #release: StatementSync

  constructor(db: DatabaseSync, table: EventTable) {
    this.#db = db
    this.#table = table
    this.#file = new ProjectionFile(db, table.file)
    this.#mark = db.prepare('SAVEPOINT projection')
    this.#release = db.prepare('RELEASE projection')
  }

  within(before: number): StoreTransaction<Sql> {
    return {
      before,
      last: this.#table.lastPosition(),
      load: (build) => this.#file.load(build),
      read: (after, filter) => this.#read(after, filter),
      commit: (build, parts, write) => this.#commit(build, parts, write),
    }
  }

  #read(after: number, filter: LogFilter): readonly LogEntry[] {
    const entries: LogEntry[] = []
    let found: Scan | undefined
    while (!found?.isLast) {
      found = this.#table.scan(found?.scannedTo ?? after, filter, batchSize)
      entries.push(...found.entries)
    }
    return entries
  }

  #commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (sql: Sql) => void | Promise<void>,
  ): readonly Progress[] | undefined {
    this.#mark.run()
    try {
      const stored = this.#file.commitWithin(build, parts, write)
      this.#release.run()
      return stored
    } catch (thrown) {
      this.#takeBack()
      throw thrown instanceof WriteFailure ? thrown.cause : thrown
    }
  }

  /** What was written since the mark; the events before it stay. */
  #takeBack(): void {
    if (!this.#db.isTransaction) return
    try {
      this.#db.exec('ROLLBACK TO projection; RELEASE projection')
    } catch {
      // Then nothing of the transaction may stay, which whoever began it finds out.
      rollBack(this.#db)
    }
  }
}
