import type { ActorId, Schema, SchemaInput } from '../core/index.ts'
import type { ActorHost } from './actor-host.ts'
import type { CommandOptions, CommandResult } from './command.ts'
import type { ActorDefinition, CommandsOf, EventOf, StateOf } from './definition.ts'

/** One actor, wherever it lives: a method for each command of its definition. */
export type ActorRef<D extends ActorDefinition> = {
  readonly [K in keyof CommandsOf<D> & string]: (
    ...args: CommandArguments<CommandsOf<D>[K]>
  ) => Promise<CommandResult<StateOf<D>, EventOf<D>>>
}

/** A command without an input schema takes no input. */
type CommandArguments<I> = I extends Schema
  ? [input: SchemaInput<I>, options?: CommandOptions]
  : [input?: undefined, options?: CommandOptions]

/** Makes the reference; nothing is loaded before the first command. */
export function makeRef<D extends ActorDefinition>(
  host: ActorHost,
  { model }: D,
  actorId: ActorId,
): ActorRef<D> {
  const send =
    (name: string) =>
    (input?: unknown, options?: CommandOptions): Promise<CommandResult> =>
      host.send(actorId, name, input, options)
  const methods = Array.from(model.commands.keys(), (name) => [name, send(name)] as const)
  return Object.fromEntries(methods) as unknown as ActorRef<D>
}
