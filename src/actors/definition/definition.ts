import type { SchemaInput } from '../../core/index.ts'
import { type ActorModel, type ErasedSpec, makeModel } from './model.ts'
import type { Rejection } from './reject.ts'
import type { ActorSpec, At, EventSchemas, InputSchemas, Outputs } from './spec.ts'

declare const types: unique symbol

/** One kind of actor. Its types are those of the definition; what runs is the model. */
export interface ActorDefinition<
  Type extends string = string,
  S = unknown,
  E extends EventSchemas = EventSchemas,
  C extends InputSchemas = InputSchemas,
  R extends Outputs = Outputs,
  Q extends InputSchemas = InputSchemas,
  A extends Outputs = Outputs,
  P extends Outputs = Outputs,
  J extends Refusals = Refusals,
> {
  readonly type: Type
  readonly model: ActorModel
  /** Only for the compiler; without `undefined`, its messages would speak of `exactOptionalPropertyTypes`. */
  readonly [types]?: DefinitionTypes<S, E, C, R, Q, A, P, J> | undefined
}

/** What each command refuses: a union of rejections. */
type Refusals = Readonly<Record<string, Rejection>>

interface DefinitionTypes<S, E, C, R, Q, A, P, J> {
  readonly state: S
  readonly events: E
  readonly commands: C
  readonly replies: R
  readonly queries: Q
  readonly answers: A
  readonly preparations: P
  readonly rejections: J
}

type TypesOf<D extends ActorDefinition> = NonNullable<D[typeof types]>

/** The state that a definition describes. */
export type StateOf<D extends ActorDefinition> = TypesOf<D>['state']

/** The events of a definition, by name, as they are stored. */
export type EventOf<D extends ActorDefinition> = EventUnion<TypesOf<D>['events']>

/** The schemas of the events of a definition, by name. */
export type EventsOf<D extends ActorDefinition> = TypesOf<D>['events']

/** The commands of a definition, by name: what the input of each must be. */
export type CommandsOf<D extends ActorDefinition> = TypesOf<D>['commands']

/** What the commands of a definition reply, by name; undefined where one has no reply. */
export type RepliesOf<D extends ActorDefinition> = {
  readonly [K in keyof CommandsOf<D>]: ReplyAt<TypesOf<D>['replies'], K>
}

/** What the commands of a definition prepare, by name; only of those that do. */
export type PreparationsOf<D extends ActorDefinition> = TypesOf<D>['preparations']

type ReplyAt<R, K> = K extends keyof R ? (unknown extends R[K] ? undefined : R[K]) : undefined

/** The queries of a definition, by name: what the input of each must be. */
export type QueriesOf<D extends ActorDefinition> = TypesOf<D>['queries']

/** What the commands of a definition refuse, by name: the codes that they give to `reject`, with their details. */
export type RejectionsOf<D extends ActorDefinition> = TypesOf<D>['rejections']

/** What the queries of a definition answer, by name. */
export type AnswersOf<D extends ActorDefinition> = TypesOf<D>['answers']

type EventUnion<E extends EventSchemas> = {
  [K in keyof E & string]: { readonly type: K; readonly data: SchemaInput<E[K]> }
}[keyof E & string]

/**
 * Defines one kind of actor: what it remembers, what can happen to it and what may be asked of it.
 * @throws AetherError `invalid-definition`
 */
export function actor<
  const Type extends string,
  S,
  E extends EventSchemas,
  C,
  P,
  R,
  Q,
  A,
  D,
  Name extends string,
>(
  type: Type extends Misspelled ? MisspelledType : Type,
  spec: ActorSpec<S, E, C, P, R, Q, A, D, Name>,
): ActorDefinition<
  Type,
  S,
  E,
  { readonly [K in Name]: At<C, K> },
  Named<R>,
  Named<Q>,
  Named<A>,
  Named<P>,
  { readonly [K in Name]: RefusedBy<At<D, K>> }
> {
  return { type: type as Type, model: makeModel(type, spec as unknown as ErasedSpec) }
}

/** What the compiler can know of it: an actor's id is its type, a dash and its key. */
type Misspelled = '' | `${string}${'-' | ' ' | '.' | '/' | ':'}${string}`
/** The compiler shows it as what is wanted. */
type MisspelledType = 'a type of letters, digits and _, such as slot_day'

type RefusedBy<Decide> = Decide extends (...args: never) => infer D ? Extract<D, Rejection> : never

/** No members where the compiler learnt of none. */
type Named<T> = { readonly [K in keyof T]: T[K] }

/** True for what {@link actor} made, also of another copy of the library. */
export function isActorDefinition(value: unknown): value is ActorDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { model?: { kind?: unknown } }).model?.kind === 'aether-actor'
  )
}
