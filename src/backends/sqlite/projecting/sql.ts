import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { AetherError } from '../../../core/index.ts'
import { SqliteTable } from './sqlite-table.ts'
import { isFileFailure, sqliteFailure } from '../file/sqlite-failure.ts'

/** What a handler writes with, in the transaction that stores how far the projection is. */
export interface Sql {
  /**
   * Runs a statement, with the values bound and not pasted in: `sql`UPDATE ${sale} SET cents = ${n}``.
   * @returns how many rows it changed
   */
  (text: TemplateStringsArray, ...values: readonly SqlPart[]): number
  /** The first row of the answer. It sees what the transaction has written. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who asks knows the columns
  get<Row = SqlRow>(text: TemplateStringsArray, ...values: readonly SqlPart[]): Row | undefined
  /** All rows of the answer. */
  all<Row = SqlRow>(text: TemplateStringsArray, ...values: readonly SqlPart[]): Row[]
}

/** What stands in `${…}`: a value to bind, or a table. Booleans become 1 and 0. */
export type SqlPart = string | number | bigint | boolean | null | Uint8Array | SqliteTable

/** A row whose columns nobody has named. */
export type SqlRow = Readonly<Record<string, string | number | bigint | null | Uint8Array>>

type Bound = string | number | bigint | null | Uint8Array

/** A template that was prepared, and the tables that stood in it. */
interface Prepared {
  readonly statement: StatementSync
  readonly tables: readonly (SqliteTable | undefined)[]
}

/** Templates that can't be recognised, as their tables change, are known by their text: so many. */
const maxTexts = 256

/** The statements of one build over one connection. Each is prepared once. */
export class Statements {
  readonly #db: DatabaseSync
  readonly #nameOf: (table: SqliteTable) => string
  readonly #byTemplate = new WeakMap<TemplateStringsArray, Prepared>()
  readonly #byText = new Map<string, StatementSync>()

  constructor(db: DatabaseSync, nameOf: (table: SqliteTable) => string) {
    this.#db = db
    this.#nameOf = nameOf
  }

  find(text: TemplateStringsArray, parts: readonly SqlPart[]): StatementSync {
    const known = this.#byTemplate.get(text)
    if (known && standsIn(known.tables, parts)) return known.statement
    const tables = parts.map(tableIn)
    const statement = this.#ofText(this.#textOf(text, tables))
    this.#byTemplate.set(text, { statement, tables })
    return statement
  }

  #ofText(text: string): StatementSync {
    const known = this.#byText.get(text)
    if (known) return known
    if (this.#byText.size >= maxTexts) this.#byText.clear()
    const statement = this.#db.prepare(text)
    this.#byText.set(text, statement)
    return statement
  }

  #textOf(text: TemplateStringsArray, tables: readonly (SqliteTable | undefined)[]): string {
    return text.reduce((before, piece, index) => {
      const table = tables[index - 1]
      return `${before}${table ? this.#nameOf(table) : '?'}${piece}`
    })
  }
}

/** A {@link Sql} for one transaction: with its end, or with a failure of the file, it is over. */
export class SqlSession {
  readonly sql: Sql
  readonly #statements: Statements
  readonly #file: string
  #failure: AetherError | undefined
  #hasEnded = false

  constructor(statements: Statements, file: string) {
    this.#statements = statements
    this.#file = file
    // Each in full: handlers call them for each event, and a step that they shared were a closure a call.
    const run: Run<number> = (text, ...parts) => {
      try {
        return Number(this.#find(text, parts).run(...boundOf(parts)).changes)
      } catch (thrown) {
        throw this.#failureOf(thrown)
      }
    }
    const get: Run<unknown> = (text, ...parts) => {
      try {
        return this.#find(text, parts).get(...boundOf(parts))
      } catch (thrown) {
        throw this.#failureOf(thrown)
      }
    }
    const all: Run<unknown[]> = (text, ...parts) => {
      try {
        return this.#find(text, parts).all(...boundOf(parts))
      } catch (thrown) {
        throw this.#failureOf(thrown)
      }
    }
    this.sql = Object.assign(run, { get, all }) as Sql
  }

  /** What a handler may have caught, and nobody may get past. @throws AetherError `store-unavailable` */
  end(): void {
    this.#hasEnded = true
    if (this.#failure) throw this.#failure
  }

  #find(text: TemplateStringsArray, parts: readonly SqlPart[]): StatementSync {
    if (this.#failure) throw this.#failure
    if (this.#hasEnded)
      throw new AetherError(
        'closed',
        'the transaction of this handler has ended: what waits can write no more',
      )
    return this.#statements.find(text, parts)
  }

  /** What is thrown instead. */
  #failureOf(thrown: unknown): unknown {
    // The file's fault: SQLite may have ended the transaction, and no event is to blame.
    if (!isFileFailure(thrown)) return thrown
    this.#failure = sqliteFailure(this.#file, thrown) as AetherError
    return this.#failure
  }
}

type Run<Answer> = (text: TemplateStringsArray, ...parts: SqlPart[]) => Answer

function standsIn(
  tables: readonly (SqliteTable | undefined)[],
  parts: readonly SqlPart[],
): boolean {
  for (let index = 0; index < parts.length; index++)
    if (tableIn(parts[index]) !== tables[index]) return false
  return true
}

function tableIn(part: SqlPart | undefined): SqliteTable | undefined {
  return part instanceof SqliteTable ? part : undefined
}

/** The values that are bound: all but the tables. */
export function boundOf(parts: readonly SqlPart[]): readonly Bound[] {
  const values: Bound[] = []
  for (const part of parts) {
    if (part instanceof SqliteTable) continue
    values.push(typeof part === 'boolean' ? Number(part) : part)
  }
  return values
}
