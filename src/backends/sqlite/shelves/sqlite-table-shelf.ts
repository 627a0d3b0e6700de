import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { decodeKey, encodeKey } from '../../../core/index.ts'
import type { Document, DocumentTable, ListOptions, TableShelf } from '../../../store/index.ts'
import { GrowthWatch } from '../file/growth-watch.ts'
import { limitClause } from '../file/limit-clause.ts'
import { openBeside, type SideConnection } from '../file/side-connection.ts'

/** How many documents are listed with one query. */
const pageSize = 500
/** How often the file is asked whether another process wrote to it. */
const pollMs = 100

/** SQLite takes 1,000,000,000 bytes a row, of which some are for the name and the key. */
const maxTextBytes = 999_000_000

interface Row {
  readonly key: string
  readonly text: string
  readonly revision: number
}

interface OpenFile {
  readonly connection: SideConnection
  readonly statements: Statements
}

/** Tables of documents in a file that has its tables already, over a connection of their own. */
export class SqliteTableShelf implements TableShelf {
  readonly #file: string
  readonly #lockTimeoutMs: number
  readonly #tables: SqliteDocumentTable[] = []
  #opening: Promise<OpenFile> | undefined

  constructor(file: string, lockTimeoutMs: number) {
    this.#file = file
    this.#lockTimeoutMs = lockTimeoutMs
  }

  async open(name: string): Promise<DocumentTable> {
    this.#opening ??= openBeside(this.#file, this.#lockTimeoutMs, (db, connection) => ({
      connection,
      statements: prepare(db),
    }))
    try {
      const table = new SqliteDocumentTable(name, await this.#opening)
      this.#tables.push(table)
      return table
    } catch (thrown) {
      this.#opening = undefined
      throw thrown
    }
  }

  async close(): Promise<void> {
    for (const table of this.#tables) table.stop()
    const opened = await this.#opening
    await opened?.connection.close()
  }
}

/** The rows of one name. Keys are spelled as those of actors, so that each is text of its own. */
class SqliteDocumentTable implements DocumentTable {
  readonly maxTextBytes = maxTextBytes
  readonly #name: string
  readonly #connection: SideConnection
  readonly #statements: Statements
  readonly #growth: GrowthWatch

  constructor(name: string, { connection, statements }: OpenFile) {
    this.#name = name
    this.#connection = connection
    this.#statements = statements
    // Of all tables, but not of events, which come far more often.
    const foreignWrites = (): number => numberIn(statements.changes.get())
    this.#growth = new GrowthWatch({ foreignWrites }, { pollMs, keepsAlive: false })
  }

  async get(key: string): Promise<Document | undefined> {
    const row = await this.#connection.read(() => this.#find(encodeKey(key)))
    return row && documentOf(row)
  }

  async getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>> {
    const wanted = JSON.stringify(keys.map(encodeKey))
    const { many } = this.#statements
    const rows = await this.#connection.read(() => many.all(this.#name, wanted))
    return new Map((rows as unknown as Row[]).map(documentOf).map((each) => [each.key, each]))
  }

  async *list(
    prefix: string,
    { after = '', atOnce = pageSize }: ListOptions = {},
  ): AsyncGenerator<Document> {
    const { page } = this.#statements
    const size = Math.min(atOnce, pageSize)
    const first = encodeKey(prefix)
    // Behind all that begin so: `~` is greater than what a key is spelled with.
    const end = `${first}~`
    let last = encodeKey(after)
    for (;;) {
      const query = (): unknown => page.all(this.#name, first, last, end, last, size)
      const rows = (await this.#connection.read(query)) as Row[]
      yield* rows.map(documentOf)
      if (rows.length < size) return
      last = rows.at(-1)?.key ?? last
    }
  }

  async put(key: string, text: string, expected: number | undefined): Promise<number | undefined> {
    const spelled = encodeKey(key)
    const revision = await this.#connection.write(() => {
      if (this.#find(spelled)?.revision !== expected) return undefined
      return Number(this.#statements.put.run(this.#name, spelled, text).lastInsertRowid)
    })
    if (revision !== undefined) this.#growth.tell()
    return revision
  }

  async remove(key: string, expected: number): Promise<boolean> {
    const isRemoved = await this.#change(() =>
      this.#statements.remove.run(this.#name, encodeKey(key), expected),
    )
    if (isRemoved) this.#growth.tell()
    return isRemoved
  }

  async watch(wake: () => void): Promise<AsyncDisposable> {
    return this.#connection.read(() => this.#growth.add(wake))
  }

  async clear(): Promise<void> {
    await this.#change(() => this.#statements.clear.run(this.#name))
    this.#growth.tell()
  }

  stop(): void {
    this.#growth.stop()
  }

  #find(spelled: string): Row | undefined {
    return this.#statements.find.get(this.#name, spelled) as Row | undefined
  }

  /** Whoever watches sees it by the number that a put counts up as well. */
  #change(run: () => { readonly changes: number | bigint }): Promise<boolean> {
    return this.#connection.write(() => {
      const isChanged = run().changes !== 0
      if (isChanged) this.#statements.countUp.run()
      return isChanged
    })
  }
}

type Statements = ReturnType<typeof prepare>

function prepare(db: DatabaseSync) {
  const columns = 'key, text, revision'
  const ofTable = 'FROM document WHERE table_name = ?'
  return {
    find: db.prepare(`SELECT ${columns} ${ofTable} AND key = ?`),
    many: db.prepare(`SELECT ${columns} ${ofTable} AND key IN (SELECT value FROM json_each(?))`),
    // Sought from the greater of both beginnings on: the plus keeps the index from the lesser.
    page: db.prepare(`SELECT ${columns} ${ofTable}
      AND key >= max(?, ?) AND key < ? AND +key > ? ORDER BY key ${limitClause}`),
    // With a new revision, which no other document has had.
    put: db.prepare('INSERT OR REPLACE INTO document (table_name, key, text) VALUES (?, ?, ?)'),
    remove: db.prepare(`DELETE ${ofTable} AND key = ? AND revision = ?`),
    clear: db.prepare(`DELETE ${ofTable}`),
    changes: db.prepare(`SELECT seq FROM sqlite_sequence WHERE name = 'document'`),
    countUp: db.prepare(`UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'document'`),
  } as const satisfies Record<string, StatementSync>
}

function documentOf({ key, text, revision }: Row): Document {
  return { key: decodeKey(key), text, revision }
}

/** Nothing is counted as long as there was no document. */
function numberIn(row: Record<string, unknown> | undefined): number {
  return (row?.['seq'] as number | undefined) ?? 0
}
