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

  async *list(actorId: ActorId | undefined, limit: number): AsyncGenerator<AgendaEntry> {
    const { page, pageOf } = this.#statements
    const actor = actorId === undefined ? undefined : encodeKey(actorId)
    let left = limit
    let last: readonly [number, number] = [-1, 0]
    while (left > 0) {
      const size = Math.min(pageSize, left)
      const rows = await this.#connection.read(() =>
        actor === undefined ? page.all(...last, size) : pageOf.all(actor, ...last, size),
      )
      yield* (rows as unknown as MessageRow[]).map(entryOf)
      const end = rows.at(-1) as MessageRow | undefined
      if (!end || rows.length < size) return
      last = [end.due, end.revision]
      left -= size
    }
  }

  async claim({ types, now, until, limit }: ClaimRequest): Promise<readonly Claim[]> {
    const { isAvailable, claim } = this.#statements
    const names = JSON.stringify(types)
    // Only who has found something takes the writer's lock.
    const isAnyDue = (): boolean => types.some((type) => isAvailable.get(type, now) !== undefined)
    if (!(await this.#connection.read(isAnyDue))) return []
    // A power cut that undoes it ends whoever has claimed something as well.
    const rows = await this.#connection.write(
      () => claim.all(until, names, now, limit, limit) as unknown as MessageRow[],
      'process',
    )
    const claims = rows.map((row) => ({
      entry: entryOf(row),
      revision: row.revision,
      claims: row.claims,
    }))
    // They come in no order.
    return claims.toSorted((a, b) => a.entry.due - b.entry.due)
  }

  /** Where a power cut undoes it, the entry is handed out once more. */
  async settle({ entry, revision, claims }: Claim, next: NextEntry | undefined): Promise<void> {
    await this.#connection.write(() => {
      const isCurrent = this.#statements.settle.run(revision, claims).changes === 1
      if (isCurrent && next) this.#insert({ ...entry, ...next })
    }, 'process')
    if (next) this.#growth.tell()
  }

  async nextClaimable(types: readonly string[]): Promise<number | undefined> {
    const { next } = this.#statements
    const times = await this.#connection.read(() =>
      types.map((type) => next.get(type)?.['available'] as number | undefined),
    )
    return times
      .filter((time) => time !== undefined)
      .reduce<number | undefined>((least, time) => Math.min(least ?? time, time), undefined)
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
      WHERE (due, revision) > (?, ?) ORDER BY due, revision ${limitClause}`),
    pageOf: db.prepare(`SELECT ${columns} FROM message
      WHERE actor = ? AND (due, revision) > (?, ?) ORDER BY due, revision ${limitClause}`),
    isAvailable: db.prepare(`SELECT 1 FROM message
      WHERE actor_type = ? AND available <= ? LIMIT 1`),
    // Type by type, each in the order of the index: all that are due would have to be sorted each time otherwise.
    claim: db.prepare(`UPDATE message SET available = ?1, claims = claims + 1 WHERE revision IN (
      SELECT found.revision FROM json_each(?2) AS type, message AS found WHERE found.revision IN (
        SELECT revision FROM message WHERE actor_type = type.value AND available <= ?3
        ORDER BY available LIMIT ?4 + 0
      ) ORDER BY found.available LIMIT ?5 + 0
    ) RETURNING ${columns}`),
    settle: db.prepare('DELETE FROM message WHERE revision = ? AND claims = ?'),
    // All of it is in the index.
    waiting: db.prepare(`SELECT actor_type AS type, count(*) AS count FROM message
      WHERE ${ofTypes} AND available <= ? GROUP BY actor_type`),
    next: db.prepare(`SELECT available FROM message
      WHERE actor_type = ? ORDER BY available LIMIT 1`),
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
