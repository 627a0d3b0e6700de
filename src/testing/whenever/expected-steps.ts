import type { ActorDefinition, Arguments, CommandsOf } from '../../actors/index.ts'
import { actorId } from '../../core/index.ts'
import { commandOf, type ExpectedStep, type ReminderTimes } from './policy-step.ts'

/** A command that is expected, as it would be sent. */
type ExpectedCommand = <D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
  definition: D,
  key: string,
  command: K,
  ...args: Arguments<CommandsOf<D>[K], never>
) => ExpectedStep

/** Says what a policy is expected to do, in the words of its handlers. */
export interface StepsToExpect {
  /** `ctx.send`, or a command of `ctx.get`. */
  readonly send: ExpectedCommand
  /** `ctx.tell` */
  readonly tell: ExpectedCommand
  /** `ctx.schedule`, with its name and times as they were given. */
  schedule<D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
    definition: D,
    key: string,
    command: K,
    input: Arguments<CommandsOf<D>[K], never>[0],
    reminder: ReminderTimes,
  ): ExpectedStep
  /** `ctx.unschedule` */
  unschedule(definition: ActorDefinition, key: string, name: string): ExpectedStep
  /** `ctx.transact` over these actors, in this order. */
  transact(
    ...actors: readonly (readonly [definition: ActorDefinition, key: string])[]
  ): ExpectedStep
}

function commanding(kind: 'send' | 'tell'): ExpectedCommand {
  return ({ type }, key, command, ...[input]) => ({
    kind,
    actors: [actorId(type, key)],
    ...commandOf(command, input),
  })
}

export const stepsToExpect: StepsToExpect = {
  send: commanding('send'),
  tell: commanding('tell'),
  schedule: ({ type }, key, command, input, reminder) => ({
    kind: 'schedule',
    actors: [actorId(type, key)],
    ...commandOf(command, input),
    reminder,
  }),
  unschedule: ({ type }, key, name) => ({
    kind: 'unschedule',
    actors: [actorId(type, key)],
    reminder: { name },
  }),
  transact: (...actors) => ({
    kind: 'transact',
    actors: actors.map(([{ type }, key]) => actorId(type, key)),
  }),
}
