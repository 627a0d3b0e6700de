import type { ActorId, JsonValue } from '../../core/index.ts'

/** Something in a store that definitions can't deal with as they are. */
export type Finding =
  | UnreadableEvent
  | FailingFold
  | WrongSnapshot
  | TrimmedHistory
  | ChangedState
  | UnknownEvent
  | UnknownActorType

/** A stored event that can't be read: no event at all, or not what its schema or upcasts take. */
interface UnreadableEvent {
  readonly kind: 'unreadable-event'
  /** Undefined where not even that can be read. */
  readonly actorId: string | undefined
  readonly position: number
  readonly version?: number
  readonly type?: string
  readonly why: string
}

/** An event for which `evolve` throws, or gives what is not JSON. */
interface FailingFold {
  readonly kind: 'failing-fold'
  readonly actorId: ActorId
  readonly position: number
  readonly version: number
  readonly type: string
  readonly why: string
}

/** A kept state of the definition's own shape from which an actor would go on wrongly. */
interface WrongSnapshot {
  readonly kind: 'wrong-snapshot'
  readonly actorId: ActorId
  readonly version: number
  readonly why: string
}

/** An actor whose first events were removed, without a kept state of the definition's shape to go on from. */
interface TrimmedHistory {
  readonly kind: 'trimmed-history'
  readonly actorId: ActorId
  /** Up to which version they were removed. */
  readonly trimmedVersion: number
}

/** An actor whose state is another one by the definitions of before. */
interface ChangedState {
  readonly kind: 'changed-state'
  readonly actorId: ActorId
  readonly version: number
  readonly before: JsonValue
  readonly after: JsonValue
}

/** A type of events that the definition of their actors neither has nor has retired. */
interface UnknownEvent {
  readonly kind: 'unknown-event'
  readonly actorType: string
  readonly type: string
  /** How many of them are stored. */
  readonly events: number
  readonly firstPosition: number
}

/** A type of actors that no definition is of. */
interface UnknownActorType {
  readonly kind: 'unknown-actor-type'
  readonly actorType: string
  /** How many events of such actors are stored. */
  readonly events: number
  readonly firstPosition: number
}
