import type { ActorId, StoredEvent } from '../../core/index.ts'

/** What an actor is at a version. */
export interface StateAt<State = unknown> {
  readonly actorId: ActorId
  readonly version: number
  readonly state: State
}

/** An event of an actor, and what the actor is behind it. */
export interface HistoryEntry<State = unknown> extends StateAt<State> {
  readonly event: StoredEvent
}

/** How a history is read. */
export interface HistoryOptions {
  /** Ends the read by throwing the signal's reason. */
  readonly signal?: AbortSignal
}
