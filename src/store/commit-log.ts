import type { ActorId, StoredEvent } from '../core/index.ts'
import type { Commit } from './commit.ts'
import type { ExpectedVersion } from './event-store.ts'

/**
 * What a backend implements: storing one commit if nobody was faster, and reading in batches.
 * All that is the same on every backend (checks, ids, repeats) is done above it, once, by
 * {@link CommitLogEventStore}.
 */
export interface CommitLog {
  /**
   * Stores the commit atomically if and only if the actor stands at the expected version;
   * `'any'` places it behind whatever is there.
   */
  write(commit: Commit, expectedVersion: ExpectedVersion): Promise<WriteOutcome>
  /** The newest version, never older than the last acknowledged write. */
  latestVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number>
  /** Batches in order, complete up to at least the last acknowledged write. */
  read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncIterable<readonly StoredEvent[]>
  /** Batches in the order of the log; `limit` is a hint that spares fetching more. */
  readAll(
    after: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): AsyncIterable<readonly StoredEvent[]>
  close(): Promise<void>
}

/** Both ends are included; `last` may be `Infinity`. */
export interface VersionRange {
  readonly first: number
  readonly last: number
}

export type WriteOutcome =
  | { readonly ok: true; readonly events: readonly StoredEvent[] }
  | { readonly ok: false; readonly currentVersion: number }
