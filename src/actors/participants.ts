import type { ActorId, Metadata, SchemaInput } from '../core/index.ts'
import type { ActorIdentity } from './actor-ref.ts'
import type { CommandResult } from './deciding/command.ts'
import type { ActorDefinition, EventOf, EventsOf, StateOf } from './definition/definition.ts'
import type { BoundEvent } from './transaction/transaction.ts'

/** What a transaction sees of one actor of this definition. */
export interface ParticipantOf<D extends ActorDefinition> {
  readonly actorId: ActorId
  readonly version: number
  readonly state: StateOf<D>
  /** Make events of this very actor: `from.on.Withdrawn({ amount: 5 })`. */
  readonly on: {
    readonly [K in keyof EventsOf<D> & string]: (
      data: SchemaInput<EventsOf<D>[K]>,
      metadata?: Metadata,
    ) => BoundEvent
  }
}

/** References to the actors of a transaction. */
export type References = readonly ActorIdentity<ActorDefinition>[]

type DefinitionOf<Ref> = Ref extends ActorIdentity<infer D> ? D : never

/** What a transaction sees, in the order of the references. */
export type ParticipantsOf<Refs extends References> = {
  readonly [I in keyof Refs]: ParticipantOf<DefinitionOf<Refs[I]>>
}

/** What a transaction came to for each actor, in the order of the references. */
export type TransactionResults<Refs extends References> = {
  readonly [I in keyof Refs]: CommandResult<
    StateOf<DefinitionOf<Refs[I]>>,
    EventOf<DefinitionOf<Refs[I]>>,
    undefined
  >
}
