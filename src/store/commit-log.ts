import type { ActorId, MalformedEventError, StoredEvent } from '../core/index.ts'
import type { Commit } from './append/commit.ts'
import type { LogIdentity } from './log-identity.ts'
import type { LogFilter } from './reading/log-filter.ts'
import type { Retention } from './retention/retention.ts'

/**
 * What a backend implements: storing one commit if nobody was faster, and reading in batches.
 * All that is the same on every backend (checks, ids, repeats, what to do about malformed events)
 * is done above it, once, by {@link CommitLogEventStore}.
 */
export interface CommitLog {
  /**
   * Stores all parts of the commit, or none: if and only if each actor stands where its part
   * expects it. The parts stand in the log one after the other, with nothing between them. Those without events
   * (`isGuard`) leave nothing there, and hold for the others' place in it: no event of their actors that was stored
   * before is left out of account. A log that
   * has nothing to wait for gives the outcome itself, and throws nothing but what `firstVersionOf` throws.
   */
  write(commit: Commit): WriteOutcome | Promise<WriteOutcome>
  /**
   * Whether that is always so: then a write takes hardly longer than two looks at a clock, and is said to have
   * taken no time. @default false
   */
  readonly isImmediate?: boolean
  /** The newest version, never older than the last acknowledged write. */
  latestVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number>
  /** Batches in order of the direction, complete up to at least the last acknowledged write. */
  read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncIterable<readonly LogEntry[]>
  /**
   * As {@link read}, all at once and never more than the limit, for a log that waits for nothing. Undefined
   * where it must be read in batches: it may be long, the log is busy or closed, or something of it can't be
   * read. Left out where that is always so.
   */
  eventsOf?(actorId: ActorId, range: VersionRange): ActorEvents | undefined
  /** A position that nothing is behind which was acknowledged before; 0 where there is nothing. */
  lastPosition(signal: AbortSignal | undefined): Promise<number>
  /**
   * Whether it is certain that the log ends before this position, however the one who answers stands with
   * others. @default whether `lastPosition` is before it
   */
  endsBefore?(position: number, signal: AbortSignal | undefined): Promise<boolean>
  /** How much is behind a position: see `EventStore.remaining`. */
  remaining(position: number, signal: AbortSignal | undefined): Promise<number>
  /** Batches in the order of the log. */
  readAll(range: LogRange, signal: AbortSignal | undefined): AsyncIterable<readonly LogEntry[]>
  /**
   * As {@link readAll}, with what else is wrong, which reading doesn't show: told soon behind where it
   * is, or once more where the audit begins inside. Left out where there is nothing else.
   */
  audit?(after: number, signal: AbortSignal | undefined): AsyncIterable<readonly AuditEntry[]>
  /**
   * Calls `wake` whenever the log may have grown, whoever wrote to it: soon after, at times for
   * nothing, never too seldom. What was there when it resolves needs no call.
   */
  watch(wake: () => void): Promise<AsyncDisposable>
  /** By what it is told from other logs. Left out where it ends with its process. */
  readonly identity?: LogIdentity
  /** From how many actors on one commit is as quick as one for each of them. @default 16 */
  readonly leastActorsTogether?: number
  /** How old events are removed. Left out where none ever is. */
  readonly retention?: LogRetention | undefined
  /** From now on nothing waits for an outage to end; writes under way may still succeed. */
  beginClosing(): void
  /** Releases everything, once no write is under way. Called once. */
  close(): Promise<void>
}

/** What a backend implements so that old events may go, where that was allowed when the log was made. */
export interface LogRetention extends Retention {
  /**
   * Removes the actor's oldest events, up to this version at most: never its newest event, and none
   * that is stored together with one that stays. May be repeated; what is cut off leaves a history
   * without holes. Resolves with how many are gone.
   */
  trim(actorId: ActorId, toVersion: number, signal: AbortSignal | undefined): Promise<number>
  /** Removes what else is of no use any more, and no event. Left out where there is nothing else. */
  tidy?(signal: AbortSignal | undefined): Promise<void>
  /** The version before the actor's oldest event, if some were removed; otherwise 0. */
  trimmedVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number>
}

/** An event, or what stands in its place and can't be read as one. */
export type LogEntry = StoredEvent | MalformedEventError

/** A place in the log as an audit gives it. */
export type AuditEntry = LogEntry | StorageDamage

/** Something that a backend found wrong with what it keeps. */
export interface StorageDamage {
  /**
   * - `torn-commit`: parts of it are missing
   * - `removed-events`: something stood there
   * - `foreign-link`: it was written for a place behind another event
   */
  readonly kind: 'torn-commit' | 'removed-events' | 'foreign-link'
  /** Where it begins. */
  readonly position: number
  readonly message: string
}

/** Both ends are included; `last` may be `Infinity`. */
export interface VersionRange {
  readonly first: number
  readonly last: number
  readonly direction: 'forwards' | 'backwards'
  /** A hint that spares fetching more: so many events will be taken at most. */
  readonly limit: number
}

/** What a log has of an actor in a range. */
export interface ActorEvents {
  /** The array is the caller's. */
  readonly events: StoredEvent[]
  /**
   * The actor's latest version, where the log has it at hand. To look for it in an array that was copied just
   * now has to wait for the copy.
   */
  readonly latestVersion?: number
}

export interface LogRange {
  readonly after: number
  /**
   * Whoever reads takes it that nothing up to this position is missing, which `lastPosition` gave: a read
   * that doesn't get so far throws. @default as far as is known when it begins
   */
  readonly reach?: number
  /** A hint that spares fetching more: so many events that pass will be taken at most. */
  readonly limit: number
  /** A hint that spares fetching others: events that don't pass may be given all the same. */
  readonly filter: LogFilter
}

export type WriteOutcome =
  /** The events of each part, as they stand in the log. */
  | { readonly ok: true; readonly parts: readonly (readonly StoredEvent[])[] }
  /** The first part whose actor stands elsewhere, and where. */
  | { readonly ok: false; readonly partIndex: number; readonly currentVersion: number }
