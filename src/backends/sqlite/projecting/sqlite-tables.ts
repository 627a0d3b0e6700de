import { resolve } from 'node:path'
import { InlineTables } from './inline-tables.ts'
import type { SqliteTables } from './projection-tables.ts'
import { SqliteTable } from './sqlite-table.ts'
import {
  fileOf,
  lockTimeoutOf,
  type SqliteTablesOptions,
  tableShapes,
} from './sqlite-tables-options.ts'
import { TablesInFile, type TablesSettings } from './tables-in-file.ts'

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
