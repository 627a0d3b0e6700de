import type {
  ActorDefinition,
  CommandsOf,
  EventConstructors,
  EventsOf,
} from '../../actors/index.ts'
import { actorId } from '../../core/index.ts'
import type { Happenings } from '../rehearsal/happenings.ts'
import { type Outcome, outcomeOf } from './outcome.ts'
import { type Scene, sceneAfter } from '../rehearsal/rehearsal.ts'
import type { WhenArguments } from '../rehearsal/when-arguments.ts'

/** What a test may say about its actor. */
export interface GivenOptions {
  /** The key of the actor, for decisions that look at it. @default 'test' */
  readonly key?: string
}

/**
 * An actor to which these events have happened, without node or store. A test reads like the
 * specification:
 *
 * `given(Account, on => [on.Opened({ owner: 'Alice' })]).when('withdraw', { amount: 1 })
 *   .thenRejected('insufficient-funds')`
 *
 * Everything is synchronous; an expectation that isn't met throws an `AssertionError` with a diff.
 * @throws AetherError `invalid-event` for an event that does not match its schema
 */
export function given<D extends ActorDefinition>(
  definition: D,
  happened: Happenings<D> = () => [],
  { key = 'test' }: GivenOptions = {},
): Given<D> {
  const { model, type } = definition
  const events = [happened(model.constructors as EventConstructors<EventsOf<D>>)].flat()
  return new Given(sceneAfter(model, actorId(type, key), events))
}

/** What is given before a command. Made by {@link given}. */
export class Given<D extends ActorDefinition> {
  readonly #scene: Scene

  constructor(scene: Scene) {
    this.#scene = scene
  }

  /** Sends the actor a command. */
  when<K extends keyof CommandsOf<D> & string>(
    command: K,
    ...args: WhenArguments<D, K>
  ): Outcome<D, K> {
    return outcomeOf(this.#scene, command, args)
  }
}
