import {
  type ActorId,
  AetherError,
  encodeKey,
  type Logger,
  LongWork,
  MalformedEventError,
  steadyLogger,
  type StoredEvent,
} from '../../../core/index.ts'
import type {
  ActorEvents,
  AuditEntry,
  Commit,
  CommitLog,
  LogEntry,
  LogIdentity,
  LogRange,
  LogRetention,
  VersionRange,
  WriteOutcome,
} from '../../../store/index.ts'
import { decodeRows, versionIn } from './event-row.ts'
import type { EventTable, Page, Scan } from './event-table.ts'
import type { EventTrimming } from './event-trimming.ts'
import { GroupCommit } from './group-commit.ts'
import { GrowthWatch } from '../file/growth-watch.ts'
import { PagesAhead } from './pages-ahead.ts'
import { retryWhileBusy } from '../file/retry-while-busy.ts'
import { pageQuery } from './scan-query.ts'
import { SharedPageThread } from './shared-page-thread.ts'
import { sqliteFailure } from '../file/sqlite-failure.ts'
import type { SqliteSettings } from './sqlite-options.ts'
import { withRemovedRows } from './removed-rows.ts'
import { writeRequest } from './write-request.ts'

/** How many events a read fetches and decodes at once. */
const batchSize = 500

/**
 * A commit log over one connection, for writing and reading: a transaction begins and ends within
 * one turn of the event loop, so no read falls inside, and both share the cache of pages.
 */
export class SqliteCommitLog implements CommitLog {
  /** A commit is a sync of the file, whatever is in it. */
  readonly leastActorsTogether = 2
  readonly identity: LogIdentity
  readonly retention: LogRetention | undefined
  readonly #table: EventTable
  readonly #writer: GroupCommit
  readonly #growth: GrowthWatch
  readonly #thread: SharedPageThread
  readonly #lockTimeoutMs: number
  #closing: Promise<void> | undefined

  constructor(table: EventTable, settings: SqliteSettings, logger: Logger = steadyLogger()) {
    this.identity = table.identity
    this.#table = table
    this.#writer = new GroupCommit((requests) => table.store(requests), table.file, settings)
    this.#growth = new GrowthWatch(table)
    this.#thread = new SharedPageThread(table.file, { logger })
    this.#lockTimeoutMs = settings.lockTimeoutMs
    this.retention = table.trimming && this.#retentionBy(table.trimming)
  }

  async write(commit: Commit): Promise<WriteOutcome> {
    const outcome = await this.#writer.write(writeRequest(commit))
    if (outcome.ok) this.#growth.tell()
    return outcome
  }

  latestVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    return this.#look(() => this.#table.latestVersion(encodeKey(actorId)), signal)
  }

  lastPosition(signal: AbortSignal | undefined): Promise<number> {
    return this.#look(() => {
      this.#table.checkFile()
      return this.#table.lastPosition()
    }, signal)
  }

  remaining(position: number, signal: AbortSignal | undefined): Promise<number> {
    return this.#look(() => Math.max(0, this.#table.lastPosition() - position), signal)
  }

  read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    const actor = encodeKey(actorId)
    const most = Math.min(range.limit, batchSize)
    return this.#batches<Page>((previous) => {
      const last = previous?.rows.at(-1)
      const rest = last ? behind(range, versionIn(last)) : range
      return this.#table.pageOfActor(actor, rest, most)
    }, signal)
  }

  eventsOf(actorId: ActorId, range: VersionRange): ActorEvents | undefined {
    if (range.limit > batchSize || !this.#table.isOpen) return undefined
    try {
      const entries = decodeRows(this.#table.ofActor(encodeKey(actorId), range, range.limit))
      return entries.every(isEvent) ? { events: entries } : undefined
    } catch {
      // Another process may hold a lock for a moment. A read in batches waits for it, or tells what is wrong.
      return undefined
    }
  }

  async *readAll(
    { after, filter, limit }: LogRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    // Which keys pass is decided above, so of so many rows few may be taken.
    const most = filter.key === undefined ? Math.min(limit, batchSize) : batchSize
    using ahead = new PagesAhead(this.#thread, (stretch) => pageQuery(stretch, filter))
    const work = new LongWork()
    let scan: Scan = { entries: [], scannedTo: after, end: after, isLast: false }
    while (!scan.isLast) {
      await work.pause()
      const { scannedTo, end }: Scan = scan
      const found = limit === Infinity ? await ahead.behind(scan, signal) : undefined
      const scanOn = (): Scan =>
        (found && this.#table.scanOf(found, end)) ?? this.#table.scan(scannedTo, filter, most)
      scan = await this.#look(scanOn, signal)
      if (scan.entries.length > 0) yield scan.entries
    }
  }

  audit(after: number, signal: AbortSignal | undefined): AsyncGenerator<readonly AuditEntry[]> {
    const batches = this.readAll({ after, limit: Infinity, filter: {} }, signal)
    return this.retention ? batches : withRemovedRows(batches, after)
  }

  async watch(wake: () => void): Promise<AsyncDisposable> {
    return this.#look(() => this.#growth.add(wake), undefined)
  }

  beginClosing(): void {}

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    await this.#writer.close()
    this.#growth.stop()
    await this.#thread.close()
    this.#table.close()
  }

  #retentionBy(trimming: EventTrimming): LogRetention {
    const { keepForMs } = trimming
    return {
      keepForMs,
      trim: async (actorId, toVersion, signal) => {
        const actor = encodeKey(actorId)
        const removeSome = (): number => {
          this.#table.checkFile()
          return trimming.removeSome(actor, toVersion)
        }
        const step = (): Promise<number> => this.#look(removeSome, signal)
        const work = new LongWork()
        let removed = 0
        for (let more = await step(); more > 0; more = await step()) {
          removed += more
          await work.pause()
        }
        return removed
      },
      trimmedVersion: (actorId, signal) =>
        this.#look(() => trimming.trimmedVersion(encodeKey(actorId)), signal),
    }
  }

  /** Each batch is a query of its own, so a reader that pauses or leaves holds nothing open. */
  async *#batches<Found extends Page>(
    fetchBehind: (previous: Found | undefined) => Found,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    const work = new LongWork()
    let previous: Found | undefined
    while (!previous?.isLast) {
      await work.pause()
      const found: Found = await this.#look(() => fetchBehind(previous), signal)
      if (found.rows.length > 0) yield decodeRows(found.rows)
      previous = found
    }
  }

  async #look<T>(query: () => T, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await retryWhileBusy(() => {
        signal?.throwIfAborted()
        if (!this.#table.isOpen) throw new AetherError('closed', 'the event store was closed')
        return query()
      }, this.#lockTimeoutMs)
    } catch (thrown) {
      throw sqliteFailure(this.#table.file, thrown)
    }
  }
}

/** What is left of the range behind a version, in its direction. */
function behind(range: VersionRange, version: number): VersionRange {
  return range.direction === 'forwards'
    ? { ...range, first: version + 1 }
    : { ...range, last: version - 1 }
}

function isEvent(entry: LogEntry): entry is StoredEvent {
  return !(entry instanceof MalformedEventError)
}
