import type { ActorDefinition, EventsOf } from '../../actors/index.ts'
import type { ActorId, Metadata, SchemaOutput } from '../../core/index.ts'

/**
 * A stored event as a handler sees it: by its name of today, its data through the upcasts and the schema
 * of the definition.
 */
export interface HandledEvent<
  ActorType extends string = string,
  Type extends string = string,
  Data = unknown,
> {
  readonly type: Type
  readonly actorType: ActorType
  /** The actor's key. */
  readonly key: string
  readonly actorId: ActorId
  readonly id: string
  /** Counts the events of this actor. */
  readonly version: number
  /** The place in the log of all actors. */
  readonly position: number
  /** When it was stored, by the writer's clock: ISO 8601, UTC, milliseconds. */
  readonly time: string
  readonly data: Data
  readonly metadata: Metadata
}

/** The names of the events of these actors. */
export type EventNameOf<A extends ActorDefinition> = A extends ActorDefinition
  ? keyof EventsOf<A> & string
  : never

/** The events of that name; of several actors, told apart by `actorType`. */
export type EventNamed<A extends ActorDefinition, Name extends string> = A extends ActorDefinition
  ? Name extends keyof EventsOf<A>
    ? HandledEvent<A['type'], Name, SchemaOutput<EventsOf<A>[Name]>>
    : never
  : never

/** Any event of these actors, told apart by `type` and `actorType`. */
export type AnyEventOf<A extends ActorDefinition> = {
  [Name in EventNameOf<A>]: EventNamed<A, Name>
}[EventNameOf<A>]
