import type { ActorId, MalformedEventError, NewEvent, StoredEvent } from '../core/index.ts'
import type { Agenda } from './agenda/agenda.ts'
import type { ExpectedVersion } from './append/commit.ts'
import type { StoredListener } from './append/stored-listeners.ts'
import type { Broadcast } from './broadcast.ts'
import type { AuditEntry, LogEntry } from './commit-log.ts'
import type { LogIdentity } from './log-identity.ts'
import type { EventRead } from './reading/event-read.ts'
import type { LogFilter } from './reading/log-filter.ts'
import type { OnMalformed } from './reading/reading.ts'
import type { Subscription } from './reading/subscription.ts'
import type { Retention } from './retention/retention.ts'
import type { TrimOptions, TrimReport } from './retention/trimmer.ts'
import type { LoadSnapshotOptions, NewSnapshot, Snapshot } from './snapshots/snapshot.ts'
import type { DocumentTable } from './tables/document-table.ts'

/**
 * The log of everything that happened: one sequence of events an actor, one order over all of them.
 * Expected outcomes are values; errors are thrown as `AetherError`, by code.
 */
export interface EventStore extends AsyncDisposable {
  /**
   * By what its log is told from all others; undefined where it ends with its process, as in memory. For who
   * keeps elsewhere how far of it he is.
   */
  readonly identity: LogIdentity | undefined

  /**
   * Stores the events of one actor, all or none, numbered consecutively. Resolves once they are as
   * durable as the backend promises. The store itself checks the expected version, on every append.
   *
   * Events that were stored before, with the same ids, are not stored again where the expectation isn't met or is
   * `'any'` (then among the actor's newest 1,000): the answer is that of the first time, marked `duplicate`.
   * Behind the version that it expects, an append is a new one, whatever its ids.
   * @throws AetherError `invalid-*`, `too-large`, `id-reused`, `store-unavailable`; `outcome-unknown`
   * where the connection was lost and reading back could not tell: repeat with the same event ids;
   * `malformed-event` where what is stored last of the actor does not tell its version: nothing is
   * written behind what can't be read. (SQLite keeps versions apart from events, and goes on.) The reason of
   * the signal where nothing was sent.
   */
  append(
    actorId: ActorId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult>

  /**
   * {@link append}, but where the log has nothing to wait for, as in memory, it gives the result itself,
   * or throws: for who stores much and goes on in the same turn.
   * @throws as `append`, at once or later
   */
  appendAtOnce(
    actorId: ActorId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): AppendResult | Promise<AppendResult>

  /**
   * {@link append} for several actors at once: the events of all of them are stored, or of none.
   * They stand side by side in the log, in the order given. An actor may be named once.
   *
   * An append without events, beside others that have some, is a guard: nothing is stored of its actor, and all of
   * it only where that one is at the version demanded (0: it has no events) when the others are stored.
   * @throws as `append`
   */
  commit(
    appends: readonly (Append | VersionedAppend)[],
    options?: WriteOptions,
  ): Promise<CommitResult>

  /**
   * Stores an event, or several with consecutive versions, under versions of the caller's choosing:
   * the first must be greater than the actor's current one, and versions between them stay unused.
   * For logs that come from elsewhere; {@link commit} takes such events of several actors.
   * @throws as `append`
   */
  save(
    actorId: ActorId,
    events: VersionedEvent | readonly VersionedEvent[],
    options?: WriteOptions,
  ): Promise<AppendResult>

  /**
   * The events of one actor, in order: by a loop, or all at once by `toArray`. Ends at the newest one; an
   * actor without events is empty.
   */
  read(
    actorId: ActorId,
    options: Collecting<ReadOptions>,
  ): EventRead<StoredEvent | MalformedEventError>
  read(actorId: ActorId, options?: ReadOptions): EventRead

  /**
   * The version of the actor's newest event, 0 where there is none: asked for, so never old.
   * @throws AetherError `store-unavailable`; `malformed-event` as `append`
   */
  latestVersion(actorId: ActorId, options?: { readonly signal?: AbortSignal }): Promise<number>

  /**
   * The actor's version as this object last heard of it, by its writes, conflicts and reads, without
   * asking; undefined where it doesn't remember any. It may be behind what others wrote: a write
   * that expects it is a conflict then, after which it is right again.
   */
  knownVersion(actorId: ActorId): number | undefined

  /**
   * From how many actors on one commit over all of them is as quick as one for each, where a caller has
   * the choice: 16 on JetStream, 2 on SQLite and in memory.
   */
  readonly leastActorsTogether: number

  /** Which old events {@link trim} may remove; undefined where all are kept for ever. */
  readonly retention: Retention | undefined

  /**
   * Up to which version the actor's events were removed by {@link trim}, here or in the store from
   * which they were exported: a read begins behind it. 0 where none was; a gap behind it comes from
   * `save`. Asked for, so never old.
   * @throws AetherError `store-unavailable`
   */
  trimmedVersion(actorId: ActorId, options?: { readonly signal?: AbortSignal }): Promise<number>

  /**
   * Removes old events for ever, from the oldest of each actor on, in a store that was made with
   * `retention`. The newest of each stays, with all that were stored with it, so that versions and
   * expectations go on. It walks the whole log; cut off, it has done a part, and goes on when it is
   * called again. Whether an id was stored before can't be told of events that are gone.
   * @throws AetherError `incompatible-store` where the store was made without `retention`;
   * `invalid-argument`, `store-unavailable`, `closed`; the signal's reason.
   */
  trim(options?: TrimOptions): Promise<TrimReport>

  /**
   * The events of all actors, in the order of the log: by a loop, or all at once by `toArray`. Ends at the
   * newest one.
   */
  readAll(options: Collecting<ReadAllOptions>): EventRead<StoredEvent | MalformedEventError>
  readAll(options?: ReadAllOptions): EventRead

  /**
   * A position that no event of the log is behind, as it is now: that of the newest one, or a little
   * more; 0 where there is none.
   */
  lastPosition(options?: { readonly signal?: AbortSignal }): Promise<number>

  /**
   * Resolves if the log goes as far as this position: who waits for what is behind it would wait long
   * where it is of another log, or where this one was set back.
   * @throws AetherError `unknown-position` where the log ends before it, for certain; `invalid-argument`,
   * `store-unavailable`, `closed`
   */
  checkPosition(position: number, options?: { readonly signal?: AbortSignal }): Promise<void>

  /**
   * The log from a checkpoint on, and then every new event, whoever stores it: in order, without gap
   * or repetition, across outages of the store, of which the logger is told. It never ends by itself; leaving
   * the loop or the signal ends it. A reader that is slow reads later, and nothing is buffered for it.
   * @throws AetherError `invalid-argument`, `closed`; from the loop also `unknown-position` where the log
   * ends before the checkpoint, and `malformed-event`
   */
  subscribe(options?: SubscribeOptions): Subscription

  /**
   * The log behind a position in batches, malformed entries in their places: for who handles many
   * events at once. Ends at the newest one; the filter is a hint, others may be given all the same.
   */
  readBatches(options: ReadBatchesOptions): AsyncIterable<readonly LogEntry[]>

  /** Calls `wake` whenever the log may have grown, whoever wrote to it: soon after, at times for nothing. */
  watch(wake: () => void): Promise<AsyncDisposable>

  /**
   * How much of the log is behind a position, of all actors: events in memory and SQLite; on JetStream
   * messages, which hold what one commit does to one actor or demands of it, and more than there are where some were removed.
   */
  remaining(position: number, options?: { readonly signal?: AbortSignal }): Promise<number>

  /**
   * The actor's snapshot, if there is one of this shape that can be read and is of the events that
   * are in the log; perhaps not yet the one that was saved a moment ago. What can't be used is told
   * to the logger and is `undefined` as well: it never costs more than reading the events.
   * @throws AetherError `invalid-argument`, `invalid-actor-id`, `closed`; the signal's reason.
   */
  loadSnapshot(actorId: ActorId, options: LoadSnapshotOptions): Promise<Snapshot | undefined>

  /**
   * Keeps a snapshot in the actor's one place, if its version is greater than that of the one which
   * is there, or the same with another shape, or if that one can't be used. False: it is not newer,
   * and nothing was changed. Unlike an event it may be lost in a power cut.
   * @throws AetherError `invalid-*`, also where there is no event of this version and none was named; `too-large`,
   * `store-unavailable`, `incompatible-store`, `closed`; the signal's reason
   */
  saveSnapshot(actorId: ActorId, snapshot: NewSnapshot, options?: WriteOptions): Promise<boolean>

  /**
   * Calls the listener once after each append, commit and save that this object stored, with all its
   * events, in the order of the acknowledgements and before the call that stored them resolves. Not
   * for conflicts, repeats or failures, nor for what was stored without an answer: what mustn't be
   * missed reads the log. A listener that throws harms nobody: the logger is told. One that is added
   * by another hears from the next call on, one that is removed by another isn't called any more.
   * @returns what removes it
   */
  onStored(listener: StoredListener): Disposable

  /**
   * The log as `readAll` gives it, malformed events in their places, and between them what the backend
   * itself finds wrong with its storage: what `verifyStore` looks at.
   */
  audit(options?: Pick<ReadAllOptions, 'after' | 'signal'>): AsyncIterable<AuditEntry>

  /**
   * The table of this name, opened when it is first asked for: the same one each time. It ends with the
   * store.
   * @param name a letter, then letters, digits and `-`: all small, 31 at most
   * @throws AetherError `invalid-argument`, `incompatible-store`, `store-unavailable`, `closed`
   */
  table(name: string): Promise<DocumentTable>

  /** Where messages wait that are delivered later; a store may have none. For the node, which fills it. */
  readonly agenda: Agenda | undefined

  /** By which other processes are reached that use the same place; a store may have none. For the bus. */
  readonly broadcast: Broadcast | undefined

  /**
   * By what a target of the same backend takes its place inside the transactions of this store; undefined
   * where there is none. See `ProjectionTarget.inline`.
   */
  readonly inlineSeat: object | undefined

  /** Releases files and connections; appends under way are finished first. May be called twice. */
  close(): Promise<void>
}

/** Until when a write may be taken back. */
export interface WriteOptions {
  /**
   * Before anything is sent, nothing is stored and its reason is thrown. From then on it changes nothing: who
   * stopped waiting would not know what became of it.
   */
  readonly signal?: AbortSignal
}

/** What an append demands of the actor. */
export interface AppendOptions extends WriteOptions {
  /** `'any'` appends behind whatever is there; the write is guarded all the same. */
  readonly expectedVersion: ExpectedVersion
}

/** What a commit does to one actor. */
export interface Append extends Pick<AppendOptions, 'expectedVersion'> {
  readonly actorId: ActorId
  /** None: only `expectedVersion`, a number, is demanded of the actor. See {@link EventStore.commit}. */
  readonly events: readonly NewEvent[]
}

/** An event whose version is given. */
export interface VersionedEvent extends NewEvent {
  readonly version: number
  /** When it was stored first: `2026-11-21T20:00:00.000Z`. @default now, by the store's clock */
  readonly time?: string
}

/** What a commit does to one actor whose events bring their versions: see `save`. */
export interface VersionedAppend {
  readonly actorId: ActorId
  /** With consecutive versions. */
  readonly events: readonly VersionedEvent[]
  readonly expectedVersion?: never
}

/** A read that gives a malformed event as an error in its place, and goes on. */
export type Collecting<Options> = Omit<Options, 'onMalformed'> & { readonly onMalformed: 'collect' }

/** Which events of one actor to read. */
export interface ReadOptions {
  /** The first version to read. @default 1 */
  readonly fromVersion?: number
  /** The last version to read. @default the newest */
  readonly toVersion?: number
  /** How many events at most, counted from where the read begins. @default no limit */
  readonly limit?: number
  /** `'backwards'` begins at the newest of the range. @default 'forwards' */
  readonly direction?: 'forwards' | 'backwards'
  /** @default 'stop' */
  readonly onMalformed?: OnMalformed
  /** Ends the read by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** Which events of the log to read. */
export interface ReadAllOptions {
  /** Only events behind this position. @default 0, the beginning */
  readonly after?: number
  /** How many events at most. @default no limit */
  readonly limit?: number
  /** Only events that pass. @default all */
  readonly filter?: LogFilter
  /** @default 'stop' */
  readonly onMalformed?: OnMalformed
  /** Ends the read by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** Which batches of the log to read. */
export interface ReadBatchesOptions extends Pick<ReadAllOptions, 'after' | 'filter' | 'signal'> {
  /**
   * A position that `lastPosition` gave: `store-unavailable` where the read doesn't get so far, as it was
   * answered by a server that was cut off. For who takes it that nothing up to there is missing.
   */
  readonly reach?: number
}

/** Which events of the log to follow. */
export interface SubscribeOptions {
  /**
   * Where an earlier subscription got to: its `checkpoint`; `'now'` begins behind what is stored when
   * it is first read. @default the beginning
   */
  readonly checkpoint?: string
  /** Only events that pass. @default all */
  readonly filter?: LogFilter
  /** @default 'stop' */
  readonly onMalformed?: OnMalformed
  /** Ends the subscription by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** What an append came to. */
export type AppendResult = Appended | Conflicted

/** The events are stored. */
export interface Appended {
  readonly ok: true
  /** The version of the last event of this append; of one without events, the one that it demanded. */
  readonly version: number
  /** The position of the last event of this append; of one without events, that of its commit. */
  readonly position: number
  readonly events: readonly StoredEvent[]
  /** True where the very same events were stored before and nothing was added now. */
  readonly duplicate: boolean
}

/** Nothing was stored: an actor is at another version. */
export interface Conflicted {
  readonly ok: false
  readonly conflict: {
    readonly actorId: ActorId
    readonly expectedVersion: ExpectedVersion
    readonly currentVersion: number
  }
}

/** What a commit came to. */
export type CommitResult = Committed | Conflicted

/** The events of all actors are stored. */
export interface Committed {
  readonly ok: true
  /** The position of the last event of the commit. */
  readonly position: number
  /** What was stored for each append, in the order given. */
  readonly appends: readonly Appended[]
  /** True where the very same commit was stored before and nothing was added now. */
  readonly duplicate: boolean
}
