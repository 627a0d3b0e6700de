import {
  type ActorDefinition,
  type ActorState,
  type DecidedEvent,
  foldDecided,
  initialOf,
} from '../../actors/index.ts'
import { memory } from '../../backends/memory/index.ts'
import { type ActorId, type IdSource, noMetadata, type StoredEvent } from '../../core/index.ts'
import type { Node } from '../../node/index.ts'
import { EventIntake, type PolicyDefinition } from '../../projections/index.ts'
import type { Backend, EventStore } from '../../store/index.ts'
import type { PolicyStep } from './policy-step.ts'
import { recordingReach } from './recording-reach.ts'
import { sequentialIds } from '../node/sequential-ids.ts'
import { testNode } from '../node/test-node.ts'

/** What happened to one actor. */
export interface Happening {
  readonly definition: ActorDefinition
  readonly actorId: ActorId
  readonly events: readonly DecidedEvent[]
}

/** What a handler did about an event, and what it threw. */
export interface Handled {
  readonly steps: readonly PolicyStep[]
  readonly thrown?: { readonly cause: unknown }
}

/** A memory in which something has happened, for one policy to react to. */
export class PolicyRehearsal {
  readonly policy: PolicyDefinition
  readonly #actors: readonly ActorDefinition[]
  readonly #backend: Backend = memory()
  readonly #ids: IdSource = sequentialIds('e')

  constructor(policy: PolicyDefinition, actors: readonly ActorDefinition[]) {
    this.policy = policy
    this.#actors = actors
  }

  /**
   * Stores what happened; gives the event that was stored last.
   * @throws AetherError `invalid-event`, `actor-failed`
   */
  store(happenings: readonly Happening[]): Promise<StoredEvent | undefined> {
    const states = new Map<ActorId, ActorState>()
    return this.#within(async ({ events: store }) => {
      for (const { definition, actorId, events } of happenings)
        for (const event of events) {
          const { model } = definition
          const before = states.get(actorId) ?? initialOf(model)
          const { stored, after } = foldDecided(
            model,
            actorId,
            before,
            event,
            event.metadata ?? noMetadata,
          )
          states.set(actorId, after)
          const { version: expectedVersion } = before
          await store.append(actorId, [stored], { expectedVersion })
        }
      const last = happenings.at(-1)
      return last && newestOf(last.actorId, store)
    })
  }

  /** Handles an event on a node of its own, as after a crash; undefined where there is no handler for it. */
  handle(stored: StoredEvent): Promise<Handled | undefined> {
    const { name, model } = this.policy
    const todo = new EventIntake(model).read(stored)
    if (!todo) return Promise.resolve(undefined)
    return this.#within(async (node) => {
      const steps: PolicyStep[] = []
      const context = { name, build: 1, signal: new AbortController().signal }
      try {
        await todo.handler(todo.event, recordingReach(node, this.#actors, steps), context)
        return { steps }
      } catch (cause) {
        return { steps, thrown: { cause } }
      }
    })
  }

  async #within<T>(work: (node: Node) => Promise<T>): Promise<T> {
    const options = { actors: this.#actors, backend: this.#backend, ids: this.#ids }
    await using home = await testNode(options)
    return await work(home.node)
  }
}

async function newestOf(actorId: ActorId, store: EventStore): Promise<StoredEvent | undefined> {
  for await (const event of store.read(actorId, { direction: 'backwards', limit: 1 })) return event
  return undefined
}
