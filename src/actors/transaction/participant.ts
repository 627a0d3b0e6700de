import type { ActorId, Metadata } from '../../core/index.ts'
import type { DecidedEvent } from '../definition/spec.ts'

/** An event that a transaction wants to happen to one of its actors. */
export interface BoundEvent extends DecidedEvent {
  readonly actorId: ActorId
}

/** What a transaction sees of one actor. */
export interface Participant {
  readonly actorId: ActorId
  readonly version: number
  readonly state: unknown
  readonly on: Readonly<Record<string, (data: unknown, metadata?: Metadata) => BoundEvent>>
  readonly decide: Readonly<Record<string, (input?: unknown) => readonly BoundEvent[]>>
}
