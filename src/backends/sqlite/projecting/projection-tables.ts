import type { ProjectionTarget } from '../../../store/index.ts'
import type { Sql, SqlPart, SqlRow } from './sql.ts'
import type { SqliteTable } from './sqlite-table.ts'

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
   * @throws AetherError `store-unavailable` where there is no file, and before a first build of the tables is
   * finished; what SQLite throws; where it is inline,
   * `invalid-argument` before a node has opened it
   */
  read<Row = SqlRow>(text: TemplateStringsArray, ...values: readonly SqlPart[]): Promise<Row[]>
  /** Releases the file. Whatever is called afterwards opens it again. */
  close(): Promise<void>
}
