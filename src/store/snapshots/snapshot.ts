import type { ActorId, JsonValue } from '../../core/index.ts'

/** What an actor was at a version, in the shape that one definition gives it. */
export interface Snapshot {
  readonly actorId: ActorId
  /** The version of the last event that the state holds. */
  readonly version: number
  readonly state: JsonValue
  /** Names the form of the state, so that nobody takes it for another: 1 to 200 characters. */
  readonly shape: string
  /** When it was saved, by the writer's clock: ISO 8601, UTC, milliseconds. */
  readonly time: string
}

/** A snapshot that is offered to the store. */
export interface NewSnapshot {
  /** The version of the last event that the state holds. */
  readonly version: number
  /** Anything that JSON can hold, as the data of an event. */
  readonly state: unknown
  readonly shape: string
  /** The id of the event of that version, where it is known: otherwise it is looked up. */
  readonly eventId?: string
}

/** Which snapshot to load. */
export interface LoadSnapshotOptions {
  /** Only a snapshot of this very shape. */
  readonly shape: string
  /** Only one of this version or before. @default any */
  readonly maxVersion?: number
  /** Ends the load by throwing the signal's reason. */
  readonly signal?: AbortSignal
}
