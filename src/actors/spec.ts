import type { Metadata, Schema, SchemaInput, SchemaOutput } from '../core/index.ts'
import type { Rejection } from './reject.ts'

/** The schema of each event, by its name. */
export type EventSchemas = Readonly<Record<string, Schema>>
/** The input schema of each command; `unknown` for a command without one. */
export type CommandInputs = Readonly<Record<string, unknown>>

/** What a developer writes down about one kind of thing. */
export interface ActorSpec<S, E extends EventSchemas, C extends CommandInputs> {
  /**
   * The state before anything happened. Every state is JSON, and frozen: `evolve` returns a new one.
   */
  readonly state: S | (() => S)
  /** What can happen: a schema for the data of each event. */
  readonly events: E
  /** What each event does to the state: pure, and never throws. */
  readonly evolve: {
    readonly [K in keyof E]: (state: NoInfer<S>, event: SchemaOutput<E[K]>) => NoInfer<S>
  }
  /** What may be asked of it. */
  readonly commands: { readonly [K in keyof C]: CommandSpec<NoInfer<S>, NoInfer<E>, C[K]> }
}

/** One thing that may be asked of an actor. */
export interface CommandSpec<S, E extends EventSchemas, I> {
  /** The schema of the input. @default a command without input */
  readonly input?: I & Schema
  /** Decides what happens, if anything: pure and synchronous. */
  readonly decide: (
    state: S,
    input: I extends Schema ? SchemaOutput<I> : undefined,
    on: EventConstructors<E>,
    context: DecisionContext,
  ) => Decision<E>
}

/** What a decision may know besides state and input. */
export interface DecisionContext {
  readonly actorId: string
  /** The version of the state that the decision is about. */
  readonly version: number
  /** Milliseconds since 1970, UTC, by the node's clock. */
  readonly now: number
  readonly commandId: string | undefined
  /** What the sender knows: goes into the metadata of every event of this decision. */
  readonly metadata: Metadata
}

/** One event, several, none, or a refusal. */
export type Decision<E extends EventSchemas> =
  | DecidedEvent<keyof E & string>
  | readonly DecidedEvent<keyof E & string>[]
  | Rejection
  | undefined
  | void

/** An event that a decision wants to happen. Made by the constructors that `decide` gets. */
export interface DecidedEvent<Type extends string = string> {
  readonly type: Type
  readonly data: unknown
  readonly metadata?: Metadata
}

/** `on.Deposited({ amount: 5 })` makes the event; the metadata is added to the command's. */
export type EventConstructors<E extends EventSchemas> = {
  readonly [K in keyof E & string]: (
    data: SchemaInput<E[K]>,
    metadata?: Metadata,
  ) => DecidedEvent<K>
}
