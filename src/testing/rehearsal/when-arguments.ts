import type { ActorDefinition, CommandsOf, PreparationsOf } from '../../actors/index.ts'
import type { Schema, SchemaInput } from '../../core/index.ts'
import type { RehearsalOptions } from './rehearsal.ts'

/** Input and options of a command: as much as its definition asks for. */
export type WhenArguments<D extends ActorDefinition, K extends keyof CommandsOf<D>> =
  unknown extends PreparedAt<PreparationsOf<D>, K>
    ? CommandsOf<D>[K] extends Schema
      ? [input: InputOf<CommandsOf<D>[K]>, options?: RehearsalOptions]
      : [input?: undefined, options?: RehearsalOptions]
    : [
        input: InputOf<CommandsOf<D>[K]>,
        options: RehearsalOptions & { readonly prepared: PreparedAt<PreparationsOf<D>, K> },
      ]

type InputOf<I> = I extends Schema ? SchemaInput<I> : undefined
type PreparedAt<P, K> = K extends keyof P ? P[K] : unknown
