import type { SchemaInput } from '../core/index.ts'
import { type ActorModel, type ErasedSpec, makeModel } from './model.ts'
import type { ActorSpec, CommandInputs, EventSchemas } from './spec.ts'

declare const types: unique symbol

/** One kind of actor. Its types are those of the definition; what runs is the model. */
export interface ActorDefinition<
  Type extends string = string,
  S = unknown,
  E extends EventSchemas = EventSchemas,
  C extends CommandInputs = CommandInputs,
> {
  readonly type: Type
  readonly model: ActorModel
  /** Only for the compiler. */
  readonly [types]?: { readonly state: S; readonly events: E; readonly commands: C }
}

/** The state that a definition describes. */
export type StateOf<D extends ActorDefinition> = NonNullable<D[typeof types]>['state']

/** The events of a definition, by name, as they are stored. */
export type EventOf<D extends ActorDefinition> = EventUnion<NonNullable<D[typeof types]>['events']>

/** The commands of a definition, by name: what the input of each must be. */
export type CommandsOf<D extends ActorDefinition> = NonNullable<D[typeof types]>['commands']

type EventUnion<E extends EventSchemas> = {
  [K in keyof E & string]: { readonly type: K; readonly data: SchemaInput<E[K]> }
}[keyof E & string]

/** From inputs alone, the compiler would not learn the names where no command has any. */
interface CommandNames<Name extends string> {
  readonly commands: { readonly [K in Name]: unknown }
}

/**
 * Defines one kind of actor: what it remembers, what can happen to it and what may be asked of it.
 * @throws AetherError `invalid-definition`
 */
export function actor<
  const Type extends string,
  S,
  E extends EventSchemas,
  C extends CommandInputs,
  Name extends string,
>(
  type: Type,
  spec: ActorSpec<S, E, C> & CommandNames<Name>,
): ActorDefinition<Type, S, E, { readonly [K in Name]: C[K] }> {
  return { type, model: makeModel(type, spec as unknown as ErasedSpec) }
}

/** True for what {@link actor} made, also of another copy of the library. */
export function isActorDefinition(value: unknown): value is ActorDefinition {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as { model?: { kind?: unknown } }).model?.kind === 'aether-actor'
  )
}
