import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../core/index.ts'
import type {
  Progress,
  ProgressChange,
  ProjectionBuild,
  ProjectionTarget,
} from '../../store/index.ts'
import { connect } from './connect.ts'
import { ProjectionFile, WriteFailure } from './projection-file.ts'
import { retryWhileBusy } from './retry-while-busy.ts'
import { boundOf, type Sql, type SqlPart, type SqlRow, Statements } from './sql.ts'
import { sqliteFailure } from './sqlite-failure.ts'
import { SqliteTable } from './sqlite-table.ts'
import {
  checkFileName,
  lockTimeoutOf,
  type SqliteTablesOptions,
  tableShapes,
} from './sqlite-tables-options.ts'
import { checkPlace } from './store-place.ts'
import { writeAhead } from './write-ahead.ts'

/** Tables in a SQLite file, as a projection's target. */
export interface SqliteTables<Name extends string = string>
  extends ProjectionTarget<Sql, void>, AsyncDisposable {
  /** By name, to stand in the statements of handlers: `sql`DELETE FROM ${sale}``. */
  readonly tables: { readonly [N in Name]: SqliteTable<N> }
  /**
   * The rows of a query over a connection that can't write: of the tables, under their plain names, and
   * of whatever else is in the file. It sees what was committed, and each build whole.
   *
   * ```ts
   * await sales.read<{ cents: number }>`SELECT cents FROM sale WHERE id = ${id}`
   * ```
   * @throws AetherError `store-unavailable` where there is no file; what SQLite throws
   */
  read<Row = SqlRow>(text: TemplateStringsArray, ...values: readonly SqlPart[]): Promise<Row[]>
  /** Releases the file. Whatever is called afterwards opens it again. */
  close(): Promise<void>
}

/**
 * Lets a projection write to tables of a SQLite file. Handlers get `sql`, which runs at once and in the
 * transaction that stores how far the projection is; they can't be `async`. Anybody reads the tables by
 * plain SQL under their plain names, which are views: they switch all at once to a new build.
 *
 * A power cut may take the last transactions, each whole: the projection goes on where it is then.
 * @throws AetherError `invalid-argument`
 */
export function sqliteTables<const Name extends string>(
  options: SqliteTablesOptions<Name>,
): SqliteTables<Name> {
  return new TablesInFile<Name>(options)
}

class TablesInFile<Name extends string> implements SqliteTables<Name> {
  readonly name: string
  readonly tables: { readonly [N in Name]: SqliteTable<N> }
  /** Absolute, whatever becomes of the working directory. */
  readonly #path: string
  readonly #shapes: ReturnType<typeof tableShapes>
  readonly #lockTimeoutMs: number
  #writing: Promise<ProjectionFile> | undefined
  #reading: ReadOnlyFile | undefined

  constructor(options: SqliteTablesOptions<Name>) {
    const file = checkFileName(options.file)
    this.name = `sqlite:${file}`
    this.#path = resolve(file)
    this.#shapes = tableShapes(options.tables)
    this.#lockTimeoutMs = lockTimeoutOf(options)
    const entries = this.#shapes.map(({ name }) => [name, new SqliteTable(name)])
    this.tables = Object.fromEntries(entries) as { readonly [N in Name]: SqliteTable<N> }
  }

  prepare(build: ProjectionBuild): Promise<void> {
    return this.#attempt((file) => file.prepare(build, this.#shapes))
  }

  load(build: ProjectionBuild): Promise<readonly Progress[]> {
    return this.#attempt((file) => file.load(build))
  }

  commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (sql: Sql) => void,
  ): Promise<readonly Progress[] | undefined> {
    return this.#attempt((file) => file.commit(build, parts, write))
  }

  activate(build: ProjectionBuild): Promise<void> {
    return this.#attempt((file) => file.activate(build))
  }

  drop(build: ProjectionBuild): Promise<void> {
    return this.#attempt((file) => file.drop(build))
  }

  async read<Row = SqlRow>(
    text: TemplateStringsArray,
    ...values: readonly SqlPart[]
  ): Promise<Row[]> {
    const query = (reading: ReadOnlyFile): Row[] => reading.all<Row>(text, values)
    return retryWhileBusy(
      () => query((this.#reading ??= new ReadOnlyFile(this.#path))),
      this.#lockTimeoutMs,
    )
  }

  async close(): Promise<void> {
    const writing = this.#writing
    this.#writing = undefined
    this.#reading?.close()
    this.#reading = undefined
    // One that could not be opened was told to whoever wanted to write.
    await writing?.then((file) => file.close()).catch(() => undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #attempt<T>(work: (file: ProjectionFile) => T): Promise<T> {
    const file = await this.#opened()
    try {
      return await retryWhileBusy(() => {
        if (!file.isOpen) throw new AetherError('closed', `${this.name} was closed`)
        return work(file)
      }, this.#lockTimeoutMs)
    } catch (thrown) {
      if (thrown instanceof WriteFailure) throw thrown.cause
      throw sqliteFailure(this.#path, thrown)
    }
  }

  #opened(): Promise<ProjectionFile> {
    this.#writing ??= this.#open().catch((error: unknown) => {
      this.#writing = undefined
      throw error
    })
    return this.#writing
  }

  async #open(): Promise<ProjectionFile> {
    await checkPlace(this.#path)
    const db = connect(this.#path)
    try {
      return await retryWhileBusy(() => {
        writeAhead(db, this.#path, 'NORMAL')
        return new ProjectionFile(db, this.#path)
      }, this.#lockTimeoutMs)
    } catch (thrown) {
      db.close()
      throw sqliteFailure(this.#path, thrown)
    }
  }
}

/** A connection that sees what was committed, and changes nothing. */
class ReadOnlyFile {
  readonly #db: DatabaseSync
  readonly #statements: Statements

  /** @throws AetherError `store-unavailable` */
  constructor(file: string) {
    try {
      this.#db = new DatabaseSync(file, { readOnly: true, timeout: 0 })
    } catch (thrown) {
      throw sqliteFailure(file, thrown)
    }
    this.#statements = new Statements(this.#db, ({ name }) => name)
  }

  all<Row>(text: TemplateStringsArray, parts: readonly SqlPart[]): Row[] {
    return this.#statements.find(text, parts).all(...boundOf(parts)) as Row[]
  }

  close(): void {
    this.#db.close()
  }
}
