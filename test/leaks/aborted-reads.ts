import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import type { ActorId, EventStore, StoredEvent } from 'aether'
import type { SeededRandom } from '../support/seeded-random.ts'

export type ReadName = 'read' | 'backwards' | 'readAll' | 'subscribe'

const actors = ['order-1', 'order-2', 'order-3'] as const
const eventsPerActor = 4

/** How many events there are. */
export const eventCount = actors.length * eventsPerActor

/** Several events an actor, so that some are under way when a read is aborted. */
export async function fill(store: EventStore): Promise<void> {
  for (const actorId of actors) {
    for (let version = 0; version < eventsPerActor; version++)
      await store.append(actorId, [{ type: 'Counted', data: version }], {
        expectedVersion: version,
      })
  }
}

/** Reads that are ended at random points, some of them at once. */
export class AbortedReads {
  readonly #store: EventStore
  readonly #random: SeededRandom
  /** Given to the reads that nobody aborts: its listeners would stay. */
  readonly #lasting = new AbortController()
  aborted = 0
  left = 0

  constructor(store: EventStore, random: SeededRandom) {
    this.#store = store
    this.#random = random
  }

  get lastingSignal(): AbortSignal {
    return this.#lasting.signal
  }

  /** So many of each, 16 at once, in any order. */
  async run(counts: Readonly<Partial<Record<ReadName, number>>>): Promise<void> {
    const names = Object.entries(counts).flatMap(([name, count]) =>
      Array.from({ length: count }, () => name as ReadName),
    )
    // Side by side with all the others.
    const next = names.toSorted(() => this.#random.next() - 0.5).values()
    await Promise.all(Array.from({ length: 16 }, () => this.#runAll(next)))
  }

  async #runAll(names: Iterable<ReadName>): Promise<void> {
    for (const name of names) {
      if (this.#random.chance(0.5)) await this.#leave(name)
      else await this.#abort(name)
    }
  }

  /** Ends it by leaving the loop. */
  async #leave(name: ReadName): Promise<void> {
    let left = this.#random.below(eventsPerActor)
    for await (const _ of this.#events(name, this.lastingSignal)) {
      if (left-- === 0) break
    }
    this.left++
  }

  /** Ends it by its signal: while an event is looked at, or while it waits for one. */
  async #abort(name: ReadName): Promise<void> {
    const controller = new AbortController()
    const reason = new Error('enough')
    const inLoop = this.#random.chance(0.3) ? this.#random.below(eventsPerActor) : Infinity
    const ended = inLoop < Infinity ? undefined : this.#sometime(() => controller.abort(reason))
    let seen = 0
    try {
      for await (const _ of this.#events(name, controller.signal)) {
        if (seen++ === inLoop) controller.abort(reason)
      }
    } catch (error) {
      if (error !== reason) throw error
      this.aborted++
    }
    await ended
  }

  async #sometime(abort: () => void): Promise<void> {
    const chance = this.#random.next()
    if (chance > 0.8) await pause(this.#random.next() * 4)
    else for (let turns = this.#random.below(12); turns > 0; turns--) await turn()
    abort()
  }

  #events(name: ReadName, signal: AbortSignal): AsyncIterable<StoredEvent> {
    const actorId: ActorId = this.#random.pick(actors)
    switch (name) {
      case 'read':
        return this.#store.read(actorId, { signal })
      case 'backwards':
        return this.#store.read(actorId, { signal, direction: 'backwards' })
      case 'readAll':
        return this.#store.readAll({ signal })
      case 'subscribe':
        return this.#store.subscribe({ signal })
    }
  }
}
