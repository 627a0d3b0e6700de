import type { ActorId } from './actor-id.ts'
import type { JsonValue } from './json.ts'
import type { Metadata } from './metadata.ts'

/** Something that happened to one actor, as it is stored: immutable. */
export interface StoredEvent<Type extends string = string, Data = JsonValue> {
  readonly id: string
  readonly actorId: ActorId
  readonly type: Type
  /** Counts the events of this actor: starts at 1, strictly increasing for ever. */
  readonly version: number
  /** The place in the log of all actors: strictly increasing, not consecutive. */
  readonly position: number
  /** When it was stored, by the writer's clock: ISO 8601, UTC, milliseconds. */
  readonly time: string
  readonly data: Data
  readonly metadata: Metadata
}

/** An event that is offered to the store. */
export interface NewEvent {
  /**
   * Names the event, so that the same append is recognised when it comes again: at the same expected
   * version, or at `'any'` among the actor's newest 1,000 events. @default a UUID
   */
  readonly id?: string
  readonly type: string
  readonly data: unknown
  readonly metadata?: Metadata
}
