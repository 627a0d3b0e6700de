import type { ActorId, NewEvent, StoredEvent } from '../core/index.ts'

/**
 * The log of everything that happened: one sequence of events an actor, one order over all of them.
 * Expected outcomes are values; errors are thrown as `AetherError`, by code.
 */
export interface EventStore extends AsyncDisposable {
  /**
   * Stores the events of one actor, all or none, numbered consecutively. Resolves once they are as
   * durable as the backend promises. The store itself checks the expected version, on every append.
   *
   * Events whose ids are already stored there are not stored again: the answer is that of the first
   * time, marked `duplicate`.
   * @throws AetherError `invalid-*`, `too-large`, `id-reused`, `store-unavailable`; `outcome-unknown`
   * where the connection was lost and reading back could not tell: repeat with the same event ids.
   */
  append(
    actorId: ActorId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult>

  /** The events of one actor, in order. Ends at the newest one; an actor without events is empty. */
  read(actorId: ActorId, options?: ReadOptions): AsyncIterable<StoredEvent>

  /** The version of the actor's newest event, 0 where there is none. */
  latestVersion(actorId: ActorId, options?: { readonly signal?: AbortSignal }): Promise<number>

  /** The events of all actors, in the order of the log. Ends at the newest one. */
  readAll(options?: ReadAllOptions): AsyncIterable<StoredEvent>

  /** Releases files and connections; appends under way are finished first. May be called twice. */
  close(): Promise<void>
}

/** The version that the writer believes the actor to be at; 0: it must not exist yet. */
export type ExpectedVersion = number | 'any'

/** What an append demands of the actor. */
export interface AppendOptions {
  /** `'any'` appends behind whatever is there; the write is guarded all the same. */
  readonly expectedVersion: ExpectedVersion
}

/** Which events of one actor to read. */
export interface ReadOptions {
  /** The first version to read. @default 1 */
  readonly fromVersion?: number
  /** The last version to read. @default the newest */
  readonly toVersion?: number
  /** How many events at most. @default no limit */
  readonly limit?: number
  /** Ends the read by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** Which events of the log to read. */
export interface ReadAllOptions {
  /** Only events behind this position. @default 0, the beginning */
  readonly after?: number
  /** How many events at most. @default no limit */
  readonly limit?: number
  /** Ends the read by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** What an append came to. */
export type AppendResult = Appended | Conflicted

/** The events are stored. */
export interface Appended {
  readonly ok: true
  /** The version of the last event of this append. */
  readonly version: number
  /** The position of the last event of this append. */
  readonly position: number
  readonly events: readonly StoredEvent[]
  /** True where the very same events were stored before and nothing was added now. */
  readonly duplicate: boolean
}

/** Nothing was stored: the actor is at another version. */
export interface Conflicted {
  readonly ok: false
  readonly conflict: {
    readonly actorId: ActorId
    readonly expectedVersion: ExpectedVersion
    readonly currentVersion: number
  }
}
