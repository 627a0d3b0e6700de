import { resolve } from 'node:path'
import type { ProjectionTarget } from '../../store/index.ts'
import { InlineTables } from './inline-tables.ts'
import type { Sql, SqlPart, SqlRow } from './sql.ts'
import { SqliteTable } from './sqlite-table.ts'
import {
  fileOf,
  lockTimeoutOf,
  type SqliteTablesOptions,
  tableShapes,
} from './sqlite-tables-options.ts'
import { TablesInFile, type TablesSettings } from './tables-in-file.ts'

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
   * @throws AetherError `store-unavailable` where there is no file; what SQLite throws; where it is inline,
   * `invalid-argument` before a node has opened it
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
  const file = fileOf(options)
  const shapes = tableShapes(options.tables)
  const settings = {
    name: file === undefined ? 'sqlite, inline' : `sqlite:${file}`,
    shapes,
    lockTimeoutMs: lockTimeoutOf(options),
  }
  const entries = shapes.map(({ name }) => [name, new SqliteTable(name)])
  const tables = Object.fromEntries(entries) as SqliteTables<Name>['tables']
  return file === undefined
    ? new InlineTables<Name>(tables, settings)
    : new FileTables<Name>(tables, resolve(file), settings)
}

class FileTables<Name extends string> extends TablesInFile implements SqliteTables<Name> {
  readonly tables: SqliteTables<Name>['tables']

  constructor(tables: SqliteTables<Name>['tables'], path: string, settings: TablesSettings) {
    super(path, settings)
    this.tables = tables
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
