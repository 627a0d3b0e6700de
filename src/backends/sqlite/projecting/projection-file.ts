import type { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../../core/index.ts'
import type {
  LogIdentity,
  Progress,
  ProgressChange,
  ProjectionBuild,
} from '../../../store/index.ts'
import type { Checkpoints } from '../file/checkpoints.ts'
import { KeptFile } from '../file/kept-file.ts'
import { ProgressTable } from './progress-table.ts'
import {
  activateBuild,
  bindBuild,
  bookkeeping,
  dropBuild,
  emptySome,
  logOfBuild,
  makeBuild,
  newestBuildOf,
  placeIn,
  tableNameIn,
} from './projection-schema.ts'
import { type Sql, SqlSession, Statements } from './sql.ts'
import type { TableShape } from './sqlite-tables-options.ts'
import { inTransaction } from '../file/transaction.ts'

/** What `write` threw, told apart from what SQLite throws. */
export class WriteFailure extends Error {
  override readonly name = 'WriteFailure'

  constructor(cause: unknown) {
    super('the write of a projection failed', { cause })
  }
}

/** Projections in one file, over one connection. Synchronous: nothing comes between two steps. */
export class ProjectionFile {
  readonly #db: DatabaseSync
  readonly #file: string
  readonly #kept: KeptFile
  readonly #progress: ProgressTable
  readonly #checkpoints: Checkpoints | undefined
  /** By the name of a build. */
  readonly #statements = new Map<string, Statements>()

  /** Makes the tables for its own bookkeeping where they are missing. */
  constructor(db: DatabaseSync, file: string, checkpoints?: Checkpoints) {
    db.exec(bookkeeping)
    this.#db = db
    this.#file = file
    this.#kept = new KeptFile(file)
    this.#progress = new ProgressTable(db)
    this.#checkpoints = checkpoints
  }

  get isOpen(): boolean {
    return this.#db.isOpen
  }

  /** @throws AetherError `store-unavailable` where the file is gone */
  checkFile(): void {
    this.#kept.check()
  }

  prepare(
    build: ProjectionBuild,
    shapes: readonly TableShape[],
    log: LogIdentity | undefined,
  ): void {
    const place = { ...build, file: this.#file }
    inTransaction(this.#db, () => {
      bindBuild(this.#db, place, log)
      makeBuild(this.#db, place, shapes)
    })
  }

  load(build: ProjectionBuild): Progress[] {
    return this.#progress.load(build)
  }

  newestBuild(projection: string): number {
    return newestBuildOf(this.#db, projection)
  }

  madeOf(projection: string): LogIdentity | undefined {
    return logOfBuild(this.#db, { projection, build: this.newestBuild(projection) })
  }

  place(): string {
    return inTransaction(this.#db, () => placeIn(this.#db))
  }

  /** @throws WriteFailure around what `write` throws; what SQLite throws */
  commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (sql: Sql) => unknown,
  ): Progress[] | undefined {
    const stored = inTransaction(this.#db, () => this.commitWithin(build, parts, write))
    this.#checkpoints?.committed()
    return stored
  }

  /** {@link commit} inside a transaction that somebody else began, and ends. */
  commitWithin(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (sql: Sql) => unknown,
  ): Progress[] | undefined {
    const stored = this.#progress.change(build, parts)
    if (!stored) return undefined
    const session = new SqlSession(this.#statementsOf(build), this.#file)
    try {
      refusePromise(build, write(session.sql))
    } catch (thrown) {
      session.end()
      throw new WriteFailure(thrown)
    }
    session.end()
    return stored
  }

  activate(build: ProjectionBuild): void {
    inTransaction(this.#db, () => activateBuild(this.#db, build))
  }

  /** Takes some rows away of a build that is to be dropped; gives whether there may be more. */
  dropSome(build: ProjectionBuild): boolean {
    // They all go, so none of them is missed by another one.
    this.#db.exec('PRAGMA foreign_keys = OFF')
    try {
      return inTransaction(this.#db, () => emptySome(this.#db, build))
    } finally {
      this.#db.exec('PRAGMA foreign_keys = ON')
    }
  }

  drop(build: ProjectionBuild): void {
    this.#statements.delete(tableNameIn(build, ''))
    inTransaction(this.#db, () => dropBuild(this.#db, build))
  }

  async close(): Promise<void> {
    await this.#checkpoints?.close()
    this.#db.close()
  }

  #statementsOf(build: ProjectionBuild): Statements {
    const key = tableNameIn(build, '')
    const known = this.#statements.get(key)
    if (known) return known
    const made = new Statements(this.#db, ({ name }) => tableNameIn(build, name))
    this.#statements.set(key, made)
    return made
  }
}

/** The types forbid it; a cast, or code without types, does it all the same. */
function refusePromise({ projection }: ProjectionBuild, result: unknown): void {
  const isPromise = typeof result === 'object' && result !== null && 'then' in result
  if (!isPromise) return
  // Nobody else hears of its failure, and it is of no use any more.
  Promise.resolve(result).catch(() => undefined)
  throw new AetherError(
    'invalid-argument',
    `a handler of ${projection} gave a promise, but a transaction of SQLite waits for nothing: take "async" and "await" out of it, and do what must wait in a policy`,
  )
}
