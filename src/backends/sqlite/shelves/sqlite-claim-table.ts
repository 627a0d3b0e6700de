import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type ActorId, decodeKey, encodeKey, parseActorId } from '../../../core/index.ts'
import type {
  AgendaEntry,
  AgendaKey,
  AgendaKind,
  Claim,
  ClaimRequest,
  ClaimTable,
  NextEntry,
  ReplacesEntry,
} from '../../../store/index.ts'
import { GrowthWatch } from '../file/growth-watch.ts'
import { limitClause } from '../file/limit-clause.ts'
import { openBeside, type SideConnection } from '../file/side-connection.ts'

/** How many entries are listed with one query. */
const pageSize = 500
/** How often the file is asked whether another process wrote to it. */
const pollMs = 250

/** A row of the table, but for when it is available. */
interface MessageRow {
  readonly revision: number
  readonly claims: number
  readonly actor: string
  readonly kind: AgendaKind
  readonly name: string
  readonly due: number
  readonly text: string
}

/**
 * Opens the agenda of a file that has its tables already.
 * @throws AetherError `incompatible-store`, `store-unavailable`
 */
export async function openClaimTable(file: string, lockTimeoutMs: number): Promise<ClaimTable> {
  return openBeside(file, lockTimeoutMs, (db, connection) => new SqliteClaimTable(db, connection))
}

/**
 * Messages in a table beside the events, over a connection of its own. Several processes share the
 * work by claiming rows.
 */
class SqliteClaimTable implements ClaimTable {
  readonly #connection: SideConnection
  readonly #statements: ReturnType<typeof prepare>
  readonly #growth: GrowthWatch

  constructor(db: DatabaseSync, connection: SideConnection) {
    this.#connection = connection
    this.#statements = prepare(db)
    const foreignWrites = (): number => numberIn(this.#statements.dataVersion.get())
    this.#growth = new GrowthWatch({ foreignWrites }, { pollMs, keepsAlive: false })
  }

  async put(entry: AgendaEntry, replaces: ReplacesEntry): Promise<boolean> {
    const key = keyOf(entry)
    const wasPut = await this.#connection.write(() => {
      const row = this.#statements.find.get(...key) as MessageRow | undefined
      if (!replaces(row && entryOf(row))) return false
      this.#insert(entry)
      return true
    })
    if (wasPut) this.#growth.tell()
    return wasPut
  }

  remove(key: AgendaKey): Promise<boolean> {
    return this.#connection.write(() => this.#statements.remove.run(...keyOf(key)).changes === 1)
  }

  async *list(actorId: ActorId | undefined): AsyncGenerator<AgendaEntry> {
    const { page, pageOf } = this.#statements
    const actor = actorId === undefined ? undefined : encodeKey(actorId)
    let last: readonly [string, string, string] = [actor ?? '', '', '']
    for (;;) {
      const rows = await this.#connection.read(() =>
        (actor === undefined ? page : pageOf).all(...last, pageSize),
      )
      yield* (rows as unknown as MessageRow[]).map(entryOf)
      const end = rows.at(-1) as MessageRow | undefined
      if (!end || rows.length < pageSize) return
      last = [end.actor, end.kind, end.name]
    }
  }

  async claim({ types, now, until, limit }: ClaimRequest): Promise<readonly Claim[]> {
    const { available, claim } = this.#statements
    const names = JSON.stringify(types)
    const find = (): MessageRow[] => available.all(names, now, limit) as unknown as MessageRow[]
    // Only who has found something takes the writer's lock.
    if ((await this.#connection.read(find)).length === 0) return []
    return this.#connection.write(() =>
      find().map((row) => {
        claim.run(until, row.revision)
        return { entry: entryOf(row), revision: row.revision, claims: row.claims + 1 }
      }),
    )
  }

  async settle({ entry, revision, claims }: Claim, next: NextEntry | undefined): Promise<void> {
    await this.#connection.write(() => {
      const isCurrent = this.#statements.settle.run(revision, claims).changes === 1
      if (isCurrent && next) this.#insert({ ...entry, ...next })
    })
    if (next) this.#growth.tell()
  }

  async nextClaimable(types: readonly string[]): Promise<number | undefined> {
    const { next } = this.#statements
    const row = await this.#connection.read(() => next.get(JSON.stringify(types)))
    return (row?.['next'] as number | null | undefined) ?? undefined
  }

  async countClaimable(
    types: readonly string[],
    now: number,
  ): Promise<ReadonlyMap<string, number>> {
    const { waiting } = this.#statements
    const rows = await this.#connection.read(() => waiting.all(JSON.stringify(types), now))
    return new Map(rows.map((row) => [row['type'] as string, row['count'] as number]))
  }

  watch(wake: () => void): Disposable {
    const watching = this.#growth.add(wake)
    return { [Symbol.dispose]: () => void watching[Symbol.asyncDispose]() }
  }

  async close(): Promise<void> {
    this.#growth.stop()
    await this.#connection.close()
  }

  #insert({ actorId, kind, name, due, text }: AgendaEntry): void {
    const { type } = parseActorId(actorId)
    this.#statements.insert.run(type, encodeKey(actorId), kind, name, due, due, text)
  }
}

function prepare(db: DatabaseSync) {
  const columns = 'revision, claims, actor, kind, name, due, text'
  const byKey = 'actor = ? AND kind = ? AND name = ?'
  const ofTypes = 'actor_type IN (SELECT value FROM json_each(?))'
  return {
    dataVersion: db.prepare('PRAGMA data_version'),
    find: db.prepare(`SELECT ${columns} FROM message WHERE ${byKey}`),
    // With a new revision, which no claim knows.
    insert: db.prepare(`INSERT OR REPLACE INTO message
      (actor_type, actor, kind, name, due, available, text) VALUES (?, ?, ?, ?, ?, ?, ?)`),
    remove: db.prepare(`DELETE FROM message WHERE ${byKey}`),
    page: db.prepare(`SELECT ${columns} FROM message
      WHERE (actor, kind, name) > (?, ?, ?) ORDER BY actor, kind, name ${limitClause}`),
    pageOf: db.prepare(`SELECT ${columns} FROM message
      WHERE actor = ? AND (kind, name) > (?, ?) ORDER BY kind, name ${limitClause}`),
    available: db.prepare(`SELECT ${columns} FROM message
      WHERE ${ofTypes} AND available <= ? ORDER BY available ${limitClause}`),
    claim: db.prepare('UPDATE message SET available = ?, claims = claims + 1 WHERE revision = ?'),
    settle: db.prepare('DELETE FROM message WHERE revision = ? AND claims = ?'),
    // All of it is in the index.
    waiting: db.prepare(`SELECT actor_type AS type, count(*) AS count FROM message
      WHERE ${ofTypes} AND available <= ? GROUP BY actor_type`),
    next: db.prepare(`SELECT min(available) AS next FROM message WHERE ${ofTypes}`),
  } as const satisfies Record<string, StatementSync>
}

function keyOf({ actorId, kind, name }: AgendaKey): [string, string, string] {
  return [encodeKey(actorId), kind, name]
}

function entryOf({ actor, kind, name, due, text }: MessageRow): AgendaEntry {
  return { actorId: decodeKey(actor) as ActorId, kind, name, due, text }
}

function numberIn(row: Record<string, unknown> | undefined): number {
  return row?.['data_version'] as number
}
