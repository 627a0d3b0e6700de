import type { ActorId, Metadata, Schema, SchemaInput } from '../core/index.ts'
import type { ActorIdentity } from './actor-ref.ts'
import type { CommandResult } from './deciding/command.ts'
import type {
  ActorDefinition,
  CommandsOf,
  EventOf,
  EventsOf,
  PreparationsOf,
  StateOf,
} from './definition/definition.ts'
import type { JsonData } from './definition/json-data.ts'
import type { BoundEvent } from './transaction/participant.ts'

/** What a transaction sees of one actor of this definition. */
export interface ParticipantOf<D extends ActorDefinition> {
  readonly actorId: ActorId
  /** That of the state. */
  readonly version: number
  /** As it is stored; behind a decision of `decide`, what that makes of it. */
  readonly state: StateOf<D>
  /** Make events of this very actor: `from.on.Withdrawn({ amount: 5 })`. */
  readonly on: {
    readonly [K in keyof EventsOf<D> & string]: (
      data: JsonData<EventsOf<D>[K]>,
      metadata?: Metadata,
    ) => BoundEvent
  }
  /**
   * Decide what a command of this very actor would: `slot.decide.book({ at })` gives its events, for the transaction
   * to return, and `state` and `version` are from then on those behind them. A refusal of the command is thrown, and
   * ends the transaction with it. Without a command that has a `prepare`: nothing can be waited for here.
   */
  readonly decide: {
    readonly [K in DecidableOf<D>]: (
      ...args: DecisionArguments<CommandsOf<D>[K]>
    ) => readonly (BoundEvent & EventOf<D>)[]
  }
}

/** The commands that need nothing but the state and their input. */
type DecidableOf<D extends ActorDefinition> = {
  [K in keyof CommandsOf<D> & string]: unknown extends At<PreparationsOf<D>, K> ? K : never
}[keyof CommandsOf<D> & string]

type At<T, K> = K extends keyof T ? T[K] : unknown

/** Without a schema, there is no input. */
type DecisionArguments<I> = I extends Schema ? [input: SchemaInput<I>] : []

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
