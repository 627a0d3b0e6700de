import {
  type ActorDefinition,
  type ActorIdentity,
  actorIdOf,
  ActorRefs,
  type Arguments,
  type CommandsOf,
} from '../../actors/index.ts'
import { actorId } from '../../core/index.ts'
import { commandOf, type ExpectedStep, type ReminderTimes } from './policy-step.ts'

/** An actor of which steps are expected: a method for each command, which tells the step. */
export type ExpectedRef<D extends ActorDefinition> = {
  readonly [K in keyof CommandsOf<D> & string]: (
    ...args: Arguments<CommandsOf<D>[K], never>
  ) => ExpectedStep
} & ActorIdentity<D>

/** Says what a policy is expected to do, in the words of its handlers. */
export interface StepsToExpect {
  /** A command of `ctx.get`: `it.get(Stock, 'lamp').ship({ order: 'o-1' })`; and the actor of the others. */
  get<D extends ActorDefinition>(definition: D, key: string): ExpectedRef<D>
  /** `ctx.tell` */
  tell<D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
    actor: ActorIdentity<D>,
    command: K,
    ...args: Arguments<CommandsOf<D>[K], never>
  ): ExpectedStep
  /** `ctx.schedule`, with its name and times as they were given. */
  schedule<D extends ActorDefinition, K extends keyof CommandsOf<D> & string>(
    actor: ActorIdentity<D>,
    command: K,
    input: Arguments<CommandsOf<D>[K], never>[0],
    reminder: ReminderTimes,
  ): ExpectedStep
  /** `ctx.unschedule` */
  unschedule(actor: ActorIdentity<ActorDefinition>, name: string): ExpectedStep
  /** `ctx.transact` over these actors, in this order. */
  transact(actors: readonly ActorIdentity<ActorDefinition>[]): ExpectedStep
}

/** Sends nothing: what would be sent is the answer. */
const refs = new ActorRefs({
  send: (id, command, input) =>
    ({ kind: 'send', actors: [id], ...commandOf(command, input) }) as never,
  onlooker: { query: () => Promise.reject(new TypeError('a query is no step of a policy')) },
})

export const stepsToExpect: StepsToExpect = {
  get: <D extends ActorDefinition>(definition: D, key: string) =>
    refs.make(definition, actorId(definition.type, key)) as unknown as ExpectedRef<D>,
  tell: (actor, command, ...[input]) => ({
    kind: 'tell',
    actors: [actorIdOf(actor)],
    ...commandOf(command, input),
  }),
  schedule: (actor, command, input, reminder) => ({
    kind: 'schedule',
    actors: [actorIdOf(actor)],
    ...commandOf(command, input),
    reminder,
  }),
  unschedule: (actor, name) => ({
    kind: 'unschedule',
    actors: [actorIdOf(actor)],
    reminder: { name },
  }),
  transact: (actors) => ({ kind: 'transact', actors: actors.map(actorIdOf) }),
}
