import type {
  ActorDefinition,
  DecidedEvent,
  EventConstructors,
  EventsOf,
} from '../../actors/index.ts'
import { actorId, type Metadata } from '../../core/index.ts'
import type { PolicyDefinition } from '../../projections/index.ts'
import type { Happenings } from '../rehearsal/happenings.ts'
import { type Happening, PolicyRehearsal } from './policy-rehearsal.ts'
import { Reacted } from './reacted.ts'

/** What a test may say about a policy. */
export interface WheneverOptions {
  /** Actors that its handlers reach, besides those whose events it reads and those that are given. */
  readonly actors?: readonly ActorDefinition[]
}

/** What a test may say about an event. */
export interface EventOptions {
  /** What the event has besides its data: a user, a correlation. @default none */
  readonly metadata?: Metadata
}

/**
 * What a policy does about an event, in a memory of its own with real actors. A test reads like the
 * specification:
 *
 * `const paid = await whenever(ShipPaid).given(Stock, 'lamp', on => on.Received({ count: 1 }))
 *   .event(Order, 'o-1', on => on.Paid({ product: 'lamp' }))`
 *
 * `paid.thenDoes(it => [it.get(Stock, 'lamp').ship({ order: 'o-1' })])`
 */
export function whenever<A extends ActorDefinition>(
  policy: PolicyDefinition<A>,
  { actors = [] }: WheneverOptions = {},
): Whenever<A> {
  const read = Array.from(policy.model.actors, ([type, { model }]) => ({ type, model }))
  return new Whenever(policy, [...read, ...actors], [])
}

/** A policy, and what has happened before. Made by {@link whenever}. */
export class Whenever<A extends ActorDefinition> {
  readonly #policy: PolicyDefinition<A>
  readonly #actors: readonly ActorDefinition[]
  readonly #given: readonly Happening[]

  constructor(
    policy: PolicyDefinition<A>,
    actors: readonly ActorDefinition[],
    given: readonly Happening[],
  ) {
    this.#policy = policy
    this.#actors = actors
    this.#given = given
  }

  /** These events have happened to an actor, after those that were given before. */
  given<D extends ActorDefinition>(
    definition: D,
    key: string,
    happened: Happenings<D>,
  ): Whenever<A> {
    const happening = happeningOf(definition, key, [happened(constructorsOf(definition))].flat())
    return new Whenever(this.#policy, this.#actors, [...this.#given, happening])
  }

  /**
   * Lets the policy handle one more event.
   * @throws AetherError `invalid-event` for an event that does not match its schema; TypeError where the
   * policy has no handler for it
   */
  async event<D extends A>(
    definition: D,
    key: string,
    happened: (on: EventConstructors<EventsOf<D>>) => DecidedEvent,
    { metadata = {} }: EventOptions = {},
  ): Promise<Reacted> {
    const decided = happened(constructorsOf(definition))
    const event = { ...decided, metadata: { ...metadata, ...decided.metadata } }
    const happenings = [...this.#given, happeningOf(definition, key, [event])]
    const given = happenings.map((each) => each.definition)
    const actors = new Map([...this.#actors, ...given].map((each) => [each.type, each]))
    const rehearsal = new PolicyRehearsal(this.#policy, [...actors.values()])
    const stored = await rehearsal.store(happenings)
    const handled = stored && (await rehearsal.handle(stored))
    if (handled) return new Reacted({ rehearsal, event: stored, handled })
    throw new TypeError(
      `${this.#policy.name} has no handler for ${decided.type} of ${definition.type}`,
    )
  }
}

function constructorsOf<D extends ActorDefinition>({ model }: D): EventConstructors<EventsOf<D>> {
  return model.constructors
}

function happeningOf(
  definition: ActorDefinition,
  key: string,
  events: readonly DecidedEvent[],
): Happening {
  return { definition, actorId: actorId(definition.type, key), events }
}
