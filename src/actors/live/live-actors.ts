import type { ActorId } from '../../core/index.ts'
import type { ActorModel } from '../definition/model.ts'
import type { PassivationReason } from './actor-observer.ts'
import { LiveActor } from './live-actor.ts'
import type { Surroundings } from './surroundings.ts'

/** How often idle actors are looked for. */
const sweepMs = 1_000
/** How many are looked at when room is needed; all of them may be busy, or asked since the last look. */
const candidates = 16

/**
 * The actors in memory: comes to life what is asked, and goes what rested too long, or longest when
 * there are too many or too little memory is left.
 */
export class LiveActors implements Disposable {
  readonly #around: Surroundings
  readonly #actors = new Map<ActorId, LiveActor>()
  /** Only as long as there is one: a clock of a test goes on over years in no time. */
  #sweeping: Disposable | undefined
  /** Goes around all actors, again and again: who is met twice without being asked may go. */
  #round: Iterator<LiveActor, undefined> | undefined

  constructor(around: Surroundings) {
    this.#around = around
  }

  get count(): number {
    return this.#actors.size
  }

  /** The actor if it is in memory. */
  find(actorId: ActorId): LiveActor | undefined {
    return this.#actors.get(actorId)
  }

  /** @param found what {@link find} gave, for who asked it: it may be gone since */
  activate(model: ActorModel, actorId: ActorId, found?: LiveActor): LiveActor {
    const known = found?.isInMemory ? found : this.#actors.get(actorId)
    if (known) {
      known.wasAsked = true
      return known
    }
    if (this.#actors.size >= this.#around.limits.liveActors) this.#makeRoom()
    const live = new LiveActor(model, actorId, this.#around)
    this.#actors.set(actorId, live)
    this.#sweeping ??= this.#around.clock.every(sweepMs, () => this.#sweep())
    this.#around.observer.activated(model.type)
    return live
  }

  /** Those in memory, as they are now. */
  get all(): Iterable<LiveActor> {
    return this.#actors.values()
  }

  [Symbol.dispose](): void {
    this.#actors.clear()
    this.#endSweeping()
  }

  /** Keeping all in the order of their use would cost more than any command. */
  #makeRoom(): void {
    const { liveActors } = this.#around.limits
    for (let left = candidates; left > 0 && this.#actors.size >= liveActors; left--) {
      const actor = this.#next()
      if (!actor?.isIdle) continue
      if (actor.wasAsked) actor.wasAsked = false
      else this.#letGo([actor], 'room')
    }
  }

  #next(): LiveActor | undefined {
    const next = this.#round?.next()
    if (next && !next.done) return next.value
    this.#round = this.#actors.values()
    return this.#round.next().value
  }

  #sweep(): void {
    const { clock, limits } = this.#around
    const restingSince = clock.monotonic() - limits.idleMs
    const idle = [...this.#actors.values()].filter((actor) => actor.isIdle)
    const [tired, fresh] = split(idle, (actor) => actor.restingSince <= restingSince)
    this.#letGo(tired, 'idle')
    if (this.#actors.size === 0) this.#endSweeping()
    for (const actor of fresh) actor.tidyUp()
    // Many that came to life at once were all busy when room was needed.
    const beyond = Math.max(0, this.#actors.size - limits.liveActors)
    const isShort = limits.heapBytes !== Infinity && heapUsed() > limits.heapBytes
    if (beyond === 0 && !isShort) return
    const byAge = fresh.toSorted((a, b) => a.restingSince - b.restingSince)
    this.#letGo(byAge.splice(0, beyond), 'room')
    // What is let go is free only after the next collection, so not all may go at once.
    if (isShort) this.#letGo(byAge.slice(0, Math.ceil(byAge.length / 2)), 'memory')
  }

  #endSweeping(): void {
    this.#sweeping?.[Symbol.dispose]()
    this.#sweeping = undefined
  }

  #letGo(actors: readonly LiveActor[], why: PassivationReason): void {
    for (const actor of actors) {
      actor.isInMemory = false
      this.#actors.delete(actor.actorId)
      this.#around.observer.passivated(actor.type, why)
    }
  }
}

function split<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  const groups: [T[], T[]] = [[], []]
  for (const one of all) groups[isFirst(one) ? 0 : 1].push(one)
  return groups
}

function heapUsed(): number {
  return process.memoryUsage().heapUsed
}
