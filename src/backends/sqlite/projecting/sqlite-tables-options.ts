import { AetherError } from '../../../core/index.ts'

/** Where a projection's tables are, and what they have. */
export type SqliteTablesOptions<Name extends string = string> = TablesPlace & {
  /** By the names under which they are read. */
  readonly tables: Readonly<Record<Name, TableDefinition>>
  /** How long a lock of another process is waited for, in milliseconds. @default 10,000 */
  readonly lockTimeoutMs?: number
}

type TablesPlace =
  | {
      /**
       * The file, which several processes of one machine may share, and several projections. It may be
       * the one of the event store.
       */
      readonly file: string
      readonly inline?: false
    }
  | {
      /**
       * In the file of the event store, which must be SQLite, and in the transactions that store events: an
       * event and what comes of it are there together, or not at all. A handler that throws refuses the
       * event then: nothing of its append is stored.
       */
      readonly inline: true
      readonly file?: never
    }

/** The columns, as they stand in `CREATE TABLE … (…)`, alone or with more. */
export type TableDefinition =
  | string
  | {
      /** `id TEXT PRIMARY KEY, cents INTEGER NOT NULL`; the table is `STRICT`. */
      readonly columns: string
      /** What stands in `CREATE INDEX … ON … (…)`, one an index. @default none */
      readonly indexes?: readonly string[]
      /** For tables that are looked up by their primary key alone. @default false */
      readonly withoutRowid?: boolean
    }

/** A definition with its defaults. */
export interface TableShape {
  readonly name: string
  readonly columns: string
  readonly indexes: readonly string[]
  readonly withoutRowid: boolean
}

/** @throws AetherError `invalid-argument` */
export function tableShapes(
  tables: Readonly<Record<string, TableDefinition>>,
): readonly TableShape[] {
  const shapes = Object.entries(tables).map(([name, definition]) => shapeOf(name, definition))
  if (shapes.length === 0) throw invalid('needs at least one table')
  return shapes
}

/** The file, undefined for inline ones. @throws AetherError `invalid-argument` */
export function fileOf({ file, inline = false }: TablesPlace): string | undefined {
  if (!inline) return checkFileName(file)
  if (file === undefined) return undefined
  throw invalid(
    'takes a file or inline: true, not both: inline tables are in the file of the events',
  )
}

/** @throws AetherError `invalid-argument` */
export function lockTimeoutOf({ lockTimeoutMs = 10_000 }: { lockTimeoutMs?: number }): number {
  if (Number.isSafeInteger(lockTimeoutMs) && lockTimeoutMs >= 1) return lockTimeoutMs
  throw invalid(`needs a whole number from 1 as lockTimeoutMs, not ${String(lockTimeoutMs)}`)
}

function checkFileName(file: unknown): string {
  const isPlain = typeof file === 'string' && file !== '' && !/^file:|^:memory:$|\0/.test(file)
  if (isPlain) return file
  throw invalid(`needs the path of a file, not ${JSON.stringify(file)}`)
}

function shapeOf(name: string, definition: TableDefinition): TableShape {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
    throw invalid(
      `needs names of letters, digits and _ for its tables, not ${JSON.stringify(name)}`,
    )
  if (/^(sqlite|aether)_/i.test(name))
    throw invalid(`can't have a table ${name}: that is kept free`)
  const {
    columns,
    indexes = [],
    withoutRowid = false,
  } = typeof definition === 'string' ? { columns: definition } : definition
  if (typeof columns !== 'string' || columns.trim() === '')
    throw invalid(`needs the columns of ${name}: 'id TEXT PRIMARY KEY, cents INTEGER NOT NULL'`)
  return { name, columns, indexes, withoutRowid }
}

function invalid(what: string): AetherError {
  return new AetherError('invalid-argument', `sqliteTables() ${what}`)
}
