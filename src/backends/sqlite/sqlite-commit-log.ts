import { type ActorId, AetherError, encodeKey, type StoredEvent } from '../../core/index.ts'
import type {
  Commit,
  CommitLog,
  ExpectedVersion,
  VersionRange,
  WriteOutcome,
} from '../../store/index.ts'
import { decodeRows, type EventRow } from './event-row.ts'
import type { EventTable } from './event-table.ts'
import { GroupCommit } from './group-commit.ts'
import { retryWhileBusy } from './retry-while-busy.ts'
import { sqliteFailure } from './sqlite-failure.ts'
import type { SqliteSettings } from './sqlite-options.ts'
import { writeRequest } from './write-request.ts'

/** How many events a read fetches and decodes at once. */
const batchSize = 500

/**
 * A commit log over one connection, for writing and reading: a transaction begins and ends within
 * one turn of the event loop, so no read falls inside, and both share the cache of pages.
 */
export class SqliteCommitLog implements CommitLog {
  readonly #table: EventTable
  readonly #writer: GroupCommit
  readonly #lockTimeoutMs: number
  #closing: Promise<void> | undefined

  constructor(table: EventTable, settings: SqliteSettings) {
    this.#table = table
    this.#writer = new GroupCommit((requests) => table.store(requests), table.file, settings)
    this.#lockTimeoutMs = settings.lockTimeoutMs
  }

  async write(commit: Commit, expectedVersion: ExpectedVersion): Promise<WriteOutcome> {
    return this.#writer.write(writeRequest(commit, expectedVersion))
  }

  latestVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    return this.#look(() => this.#table.latestVersion(encodeKey(actorId)), signal)
  }

  read(
    actorId: ActorId,
    { first, last }: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredEvent[]> {
    const actor = encodeKey(actorId)
    return this.#batches((previous) => {
      const next = previous ? previous.version + 1 : first
      return this.#table.ofActor(actor, next, last, batchSize)
    }, signal)
  }

  readAll(
    after: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredEvent[]> {
    const most = Math.min(limit, batchSize)
    return this.#batches(
      (previous) => this.#table.ofAll(previous ? previous.position : after, most),
      signal,
    )
  }

  close(): Promise<void> {
    this.#closing ??= this.#writer.close().then(() => this.#table.close())
    return this.#closing
  }

  /** Each batch is a query of its own, so a reader that pauses or leaves holds nothing open. */
  async *#batches(
    fetchBehind: (previous: StoredEvent | undefined) => readonly EventRow[],
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredEvent[]> {
    let previous: StoredEvent | undefined
    let isLast = false
    while (!isLast) {
      const rows = await this.#look(() => fetchBehind(previous), signal)
      const { events, malformed } = decodeRows(rows)
      if (events.length > 0) yield events
      if (malformed) throw malformed
      previous = events.at(-1)
      isLast = rows.length < batchSize
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
