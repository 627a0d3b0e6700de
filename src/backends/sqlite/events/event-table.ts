import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { StoredEvent } from '../../../core/index.ts'
import {
  type Commit,
  firstVersionOf,
  isMet,
  type LogEntry,
  type LogFilter,
  type LogIdentity,
  placePart,
  type VersionRange,
  type WriteOutcome,
} from '../../../store/index.ts'
import { decodeRows, eventColumns, type EventRow } from './event-row.ts'
import { EventTrimming, retentionIn } from './event-trimming.ts'
import { limitClause } from '../file/limit-clause.ts'
import { KeptFile } from '../file/kept-file.ts'
import { LargeData, smallColumns, type SmallRow } from './large-data.ts'
import { commitFailure } from '../file/sqlite-failure.ts'
import { inOneMoment, rollBack } from '../file/transaction.ts'
import { WriteAheadRoom } from '../file/write-ahead-room.ts'
import { identityIn } from './log-identity.ts'
import { decodePacked, rowCount } from './packed-events.ts'
import type { PackedRows } from './packed-rows.ts'
import { integer, scanQuery, type Stretch } from './scan-query.ts'
import type { PartRequest, WriteRequest } from './write-request.ts'

/** Filters differ by how many types they name; one with hundreds is nobody's everyday query. */
const maxFilteredStatements = 32
/** At some 0.3 µs each where none passes. */
const maxScanned = 20_000

/** A part of what there is to read. */
export interface Page {
  readonly rows: readonly EventRow[]
  readonly isLast: boolean
}

/** Of the log: all that passes, up to a position. */
export interface Scan {
  readonly entries: readonly LogEntry[]
  readonly scannedTo: number
  /** Where the log ended. */
  readonly end: number
  readonly isLast: boolean
}

/** All that passes between two positions, as another thread has found it. */
export interface PackedPage extends Stretch {
  readonly rows: readonly PackedRows[]
}

/** What was found between two positions, and whether that is all that there is. */
interface FoundEntries extends Stretch {
  readonly entries: readonly LogEntry[]
  readonly isAll: boolean
}

/** What is done inside each transaction, behind its rows; `before` is the last position before them. */
export type CommitHook = (db: DatabaseSync, before: number) => void

/** The statements on an open file. Synchronous: nothing comes between two steps of one method. */
export class EventTable {
  readonly file: string
  readonly identity: LogIdentity
  /** Undefined where nothing may be removed. */
  readonly trimming: EventTrimming | undefined
  readonly #db: DatabaseSync
  readonly #kept: KeptFile
  readonly #room: WriteAheadRoom
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #insert: StatementSync
  readonly #latestVersion: StatementSync
  readonly #lastPosition: StatementSync
  readonly #dataVersion: StatementSync
  readonly #ofActor: StatementSync
  readonly #ofActorBackwards: StatementSync
  readonly #pageOfActor: StatementSync
  readonly #pageOfActorBackwards: StatementSync
  readonly #large: LargeData
  readonly #hooks = new Set<CommitHook>()
  /** What was found of the writes of others when it was looked last. */
  #seen: { readonly version: number; readonly end: number } | undefined
  /** Statements whose text depends on a filter, by it. */
  readonly #filtered = new Map<string, StatementSync>()

  constructor(db: DatabaseSync, file: string) {
    this.file = file
    this.#db = db
    // By the first read all is there that SQLite keeps beside the file.
    this.identity = identityIn(db, file)
    this.#kept = new KeptFile(file)
    this.#room = new WriteAheadRoom(file)
    const retention = retentionIn(db)
    this.trimming = retention && new EventTrimming(db, retention)
    // IMMEDIATE takes the writer's lock at once: the versions checked inside stay true.
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    // OR FAIL spares SQLite a journal for each row; what fails takes the whole transaction back: store().
    this.#insert = db.prepare(
      'INSERT OR FAIL INTO event (actor, version, id, type, time, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.#latestVersion = arrays(db, 'SELECT max(version) FROM event WHERE actor = ?')
    this.#lastPosition = arrays(db, 'SELECT max(position) FROM event')
    this.#dataVersion = arrays(db, 'PRAGMA data_version')
    const ofActor = 'FROM event WHERE actor = ? AND version BETWEEN ? AND ? ORDER BY version'
    this.#ofActor = arrays(db, `SELECT ${eventColumns} ${ofActor} ${limitClause}`)
    this.#ofActorBackwards = arrays(db, `SELECT ${eventColumns} ${ofActor} DESC ${limitClause}`)
    this.#pageOfActor = arrays(db, `SELECT ${smallColumns} ${ofActor} ${limitClause}`)
    this.#pageOfActorBackwards = arrays(db, `SELECT ${smallColumns} ${ofActor} DESC ${limitClause}`)
    this.#large = new LargeData(db)
  }

  /**
   * Stores the requests in one transaction, in their order, each if its actor is at the version
   * that it expects. Everything is on disk when it returns; nothing is stored where it throws.
   * @throws what SQLite throws, and hooks; AetherError `outcome-unknown` where the disk failed the COMMIT,
   * and as {@link checkFile}
   */
  store(requests: readonly WriteRequest[]): WriteOutcome[] {
    this.checkFile()
    this.#begin.run()
    try {
      const before = this.#hooks.size > 0 ? this.lastPosition() : 0
      const outcomes = requests.map((request) => this.#place(request))
      if (outcomes.some(({ ok }) => ok)) for (const hook of this.#hooks) hook(this.#db, before)
      this.#makeDurable()
      this.#room.committed()
      return outcomes
    } catch (thrown) {
      rollBack(this.#db)
      throw thrown
    }
  }

  /** @throws AetherError `store-unavailable` where the file is gone */
  checkFile(): void {
    this.#kept.check()
  }

  addHook(hook: CommitHook): Disposable {
    const added: CommitHook = (db, before) => hook(db, before)
    this.#hooks.add(added)
    return { [Symbol.dispose]: () => void this.#hooks.delete(added) }
  }

  latestVersion(actor: string): number {
    const [version] = this.#latestVersion.get(actor) as unknown as readonly [number | null]
    return version ?? 0
  }

  lastPosition(): number {
    const [position] = this.#lastPosition.get() as unknown as readonly [number | null]
    return position ?? 0
  }

  /**
   * Rows of one actor, from one end of the range on: so many at most, and fewer where they are large. None is missing
   * between them, also where another process trims.
   */
  pageOfActor(actor: string, range: VersionRange, limit: number): Page {
    const look = (): Page => this.#lookAtPage(actor, range, limit)
    return this.trimming ? inOneMoment(this.#db, look) : look()
  }

  /** The same, however large they are. */
  ofActor(actor: string, range: VersionRange, limit: number): readonly EventRow[] {
    const query = range.direction === 'forwards' ? this.#ofActor : this.#ofActorBackwards
    return query.all(actor, range.first, integer(range.last), limit) as unknown as EventRow[]
  }

  /**
   * Rows of the log behind a position; those of other actor types and event types are left out. Looks at
   * so many rows at once that nothing else waits long, however few of them pass.
   * @throws as {@link checkFile}, where there are none: whoever then waits for more would wait in silence
   */
  scan(after: number, filter: LogFilter, limit: number): Scan {
    const end = this.lastPosition()
    const to = Math.min(end, after + maxScanned)
    const { text, values } = scanQuery({ after, to }, filter, limit)
    const found = this.#prepared(text).all(...values) as unknown as SmallRow[]
    if (found.length === 0) this.checkFile()
    const rows = this.#large.completed(found)
    const isAll = found.length < limit && rows.length === found.length
    return scanOf({ entries: decodeRows(rows), isAll, after, to }, end)
  }

  /**
   * The same of a page that another connection has found, of a log that went on to `end`; undefined where that isn't
   * to be trusted.
   * @throws as {@link checkFile}: that connection opened what stood in the directory then
   */
  scanOf({ rows, after, to }: PackedPage, end: number): Scan | undefined {
    this.checkFile()
    const entries = decodePacked(rows, this.#large.begin())
    const isAll = entries?.length === rowCount(rows)
    return entries && scanOf({ entries, isAll, after, to }, end)
  }

  /**
   * Changes whenever another connection, of whichever process, has stored events; at times for nothing. What lies
   * beside them in the file is written all the time where nothing happens: signs of life, say.
   */
  foreignWrites(): number {
    const [version] = this.#dataVersion.get() as unknown as readonly [number]
    if (version !== this.#seen?.version) this.#seen = { version, end: this.lastPosition() }
    return this.#seen.end
  }

  get isOpen(): boolean {
    return this.#db.isOpen
  }

  /** The last one to close the file leaves nothing beside it. */
  close(): void {
    this.#db.close()
  }

  #lookAtPage(actor: string, range: VersionRange, limit: number): Page {
    const isForwards = range.direction === 'forwards'
    const query = isForwards ? this.#pageOfActor : this.#pageOfActorBackwards
    const found = query.all(actor, range.first, integer(range.last), limit) as unknown as SmallRow[]
    const rows = this.#large.completed(found)
    return { rows, isLast: found.length < limit && rows.length === found.length }
  }

  #place({ commit, parts }: WriteRequest): WriteOutcome {
    const versions = parts.map(({ actor }) => this.latestVersion(actor))
    const versionAt = (index: number): number => versions[index] as number
    const partIndex = parts.findIndex(({ part }, index) => !isMet(part, versionAt(index)))
    if (partIndex >= 0) return { ok: false, partIndex, currentVersion: versionAt(partIndex) }
    return {
      ok: true,
      parts: parts.map((request, index) => this.#insertPart(commit, request, versionAt(index))),
    }
  }

  #insertPart(
    commit: Commit,
    { part, actor, rows }: PartRequest,
    currentVersion: number,
  ): readonly StoredEvent[] {
    const firstVersion = firstVersionOf(part, currentVersion)
    const positions = rows.map(
      (row, index) => this.#insert.run(actor, firstVersion + index, ...row).lastInsertRowid,
    )
    return placePart(commit, part, firstVersion, (index) => positions[index] as number)
  }

  #prepared(query: string): StatementSync {
    const known = this.#filtered.get(query)
    if (known) return known
    if (this.#filtered.size >= maxFilteredStatements) this.#filtered.clear()
    const statement = arrays(this.#db, query)
    this.#filtered.set(query, statement)
    return statement
  }

  #makeDurable(): void {
    try {
      this.#commit.run()
    } catch (thrown) {
      throw commitFailure(this.file, thrown, 'repeat with the same event ids')
    }
  }
}

/** A statement that answers with tuples. */
function arrays(db: DatabaseSync, query: string): StatementSync {
  const statement = db.prepare(query)
  statement.setReturnArrays(true)
  return statement
}

function scanOf({ entries, isAll, after, to }: FoundEntries, end: number): Scan {
  if (isAll) return { entries, isLast: to === end, scannedTo: to, end }
  return { entries, isLast: false, scannedTo: entries.at(-1)?.position ?? after, end }
}
