import type { Metadata, Schema, SchemaOutput } from '../../core/index.ts'
import type { JsonData } from './json-data.ts'
import type { NextState } from './next-state.ts'
import type { Rejection } from './reject.ts'

/** The schema of each event, by its name. */
export type EventSchemas = Readonly<Record<string, Schema>>
/** The input schema of each command or query; `unknown` for one without. */
export type InputSchemas = Readonly<Record<string, unknown>>
/** What each command prepares or replies, or each query answers; `unknown` for one that doesn't. */
export type Outputs = Readonly<Record<string, unknown>>

/**
 * What a developer writes down about one kind of thing. Each part of a command has a mapped type of
 * its own: so the compiler infers input, preparation, decision and reply of each by itself.
 */
export interface ActorSpec<S, E extends EventSchemas, C, P, R, Q, A, D, Name extends string> {
  /**
   * The state before anything happened. Every state is JSON, and frozen: `evolve` returns a new one.
   */
  readonly state: S | (() => S)
  /** What can happen: a schema for the data of each event, or {@link event} where it has changed. */
  readonly events: E
  /** What each event does to the state: pure, and never throws. */
  readonly evolve: {
    readonly [K in keyof E]: (state: NoInfer<S>, event: SchemaOutput<E[K]>) => NextState<S>
  }
  /** Events that can't happen any more: where they are stored, they change nothing. */
  readonly retired?: readonly string[]
  /** What may be asked of it. */
  readonly commands: { readonly [K in keyof C]: CommandInput<C[K]> } & {
    readonly [K in keyof P]: CommandPreparation<InputOf<C, K>, P[K]>
  } & { readonly [K in Name]: CommandDecision<NoInfer<S>, NoInfer<E>, InputOf<C, K>, At<P, K>> } & {
    readonly [K in keyof D]: { readonly decide: Noted<D[K]> }
  } & {
    readonly [K in keyof R]: CommandReply<NoInfer<S>, R[K]>
  }
  /** What may be read of it besides its state. @default nothing */
  readonly queries?: { readonly [K in keyof Q]: CommandInput<Q[K]> } & {
    readonly [K in keyof A]: QueryAnswer<NoInfer<S>, InputOf<Q, K>, A[K]>
  }
  /** When the state is kept, so that not all events must be read again. */
  readonly snapshots?: SnapshotSpec
}

/** The compiler infers the type, and nothing more is demanded of it. */
type Noted<T> = [T] extends [never] ? T : unknown

/** The member of that name, where there is one. */
export type At<T, K> = K extends keyof T ? T[K] : unknown
type InputOf<C, K> = At<C, K> extends Schema ? SchemaOutput<At<C, K>> : undefined

/** What a command or query must be given. */
export interface CommandInput<I> {
  /** The schema of the input. @default without input */
  readonly input?: I & Schema
}

/** What a command needs from elsewhere. */
export interface CommandPreparation<I, P> {
  /**
   * Fetches what the decision needs, before the actor is asked; nobody waits meanwhile but the
   * caller. It becomes `context.prepared`. The compiler needs to be told the types of its parameters.
   */
  readonly prepare?: (input: I, context: PrepareContext) => Promise<P>
}

/** What a command does, and who may ask for it. */
export interface CommandDecision<S, E extends EventSchemas, I, P> {
  /**
   * Whether only code may ask for it: that of the node, policies, reminders. To those who come through a gateway, it
   * is a command that isn't there. @default false
   */
  readonly internal?: boolean | undefined
  /** Decides what happens, if anything: pure and synchronous. */
  readonly decide: (
    state: S,
    input: I,
    on: EventConstructors<E>,
    context: DecisionContext<P>,
  ) => Decision<keyof E & string>
}

/** What a command gives back. */
export interface CommandReply<S, R> {
  /**
   * The `reply` of the answer, from the state after the command and its events: pure, as a command
   * that comes again computes it again. @default none
   */
  readonly reply?: (state: S, context: ReplyContext) => R
}

/** What a query gives back. */
export interface QueryAnswer<S, I, A> {
  /** Reads it from the state: pure and synchronous. */
  readonly answer: (state: S, input: I, context: QueryContext) => A
}

/** When states are kept. */
export interface SnapshotSpec {
  /** After how many further events the state is kept anew; 0: never. @default 100 */
  readonly every?: number
  /**
   * A name for how the state is made. A kept state is used only under the same name, initial state,
   * events, and text of the `evolve` functions; change it when something else that they use changes.
   */
  readonly shape?: string
}

/** What a preparation may know. */
export interface PrepareContext {
  readonly actorId: string
  readonly commandId: string | undefined
  readonly metadata: Metadata
  /** Aborts when the caller gave up. */
  readonly signal: AbortSignal
}

/** What a reply may know besides the state. */
export interface ReplyContext {
  readonly actorId: string
  /** The version after the command. */
  readonly version: number
  /** What it decided. */
  readonly events: readonly DecidedEvent[]
}

/** What a query may know besides state and input. */
export interface QueryContext {
  readonly actorId: string
  readonly version: number
  /** Milliseconds since 1970, UTC, by the node's clock. */
  readonly now: number
}

/** What a decision may know besides state and input. */
export interface DecisionContext<Prepared = unknown> {
  readonly actorId: string
  /** The version of the state that the decision is about. */
  readonly version: number
  /** When it is decided, by the node's clock: in milliseconds since 1970, UTC; `new Date(now)` is a date. */
  readonly now: number
  readonly commandId: string | undefined
  /** What the sender knows: goes into the metadata of every event of this decision. */
  readonly metadata: Metadata
  /** What `prepare` gave. */
  readonly prepared: Prepared
}

/** One event, several, none, or a refusal. */
export type Decision<EventName extends string = string> =
  DecidedEvent<EventName> | readonly DecidedEvent<EventName>[] | Rejection | undefined | void

/** An event that a decision wants to happen. Made by the constructors that `decide` gets. */
export interface DecidedEvent<Type extends string = string> {
  readonly type: Type
  readonly data: unknown
  readonly metadata?: Metadata
}

/** `on.Deposited({ amount: 5 })` makes the event; the metadata is added to the command's. */
export type EventConstructors<E extends EventSchemas> = {
  readonly [K in keyof E & string]: (data: JsonData<E[K]>, metadata?: Metadata) => DecidedEvent<K>
}
