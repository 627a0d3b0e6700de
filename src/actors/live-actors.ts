import type { ActorId } from '../core/index.ts'
import { LiveActor } from './live-actor.ts'
import type { ActorModel } from './model.ts'
import type { Surroundings } from './surroundings.ts'

/** How often idle actors are looked for. */
const sweepMs = 1_000
/** How many of the oldest are looked at when one must go; all of them may be busy. */
const candidates = 16

/**
 * The actors in memory: comes to life what is asked, and goes what rested too long or longest, when
 * there are too many or too little memory is left.
 */
export class LiveActors implements Disposable {
  readonly #around: Surroundings
  /** In order of their last use. */
  readonly #actors = new Map<ActorId, LiveActor>()
  readonly #sweeping: Disposable

  constructor(around: Surroundings) {
    this.#around = around
    this.#sweeping = around.clock.every(sweepMs, () => this.#sweep())
  }

  get count(): number {
    return this.#actors.size
  }

  /** The actor if it is in memory. */
  find(actorId: ActorId): LiveActor | undefined {
    return this.#actors.get(actorId)
  }

  activate(model: ActorModel, actorId: ActorId): LiveActor {
    const known = this.#actors.get(actorId)
    if (known) this.#actors.delete(actorId)
    else if (this.#actors.size >= this.#around.limits.liveActors) this.#letOneGo()
    const live = known ?? new LiveActor(model, actorId, this.#around)
    this.#actors.set(actorId, live)
    return live
  }

  [Symbol.dispose](): void {
    this.#sweeping[Symbol.dispose]()
    this.#actors.clear()
  }

  /** If all of the oldest are busy, memory waits for them. */
  #letOneGo(): void {
    for (const [actorId, actor] of this.#actors.entries().take(candidates)) {
      if (!actor.isIdle) continue
      this.#actors.delete(actorId)
      return
    }
  }

  #sweep(): void {
    const { clock, limits } = this.#around
    const restingSince = clock.monotonic() - limits.idleMs
    this.#letGoWhile((actor) => actor.restingSince <= restingSince)
    // What is let go is free only after the next collection, so not all may go at once.
    const isTight = limits.heapBytes < Infinity && heapUsed() > limits.heapBytes
    let left = isTight ? Math.ceil(this.#actors.size / 2) : 0
    this.#letGoWhile(() => left-- > 0)
  }

  /** From the least recently used on; busy ones stay. */
  #letGoWhile(mayGo: (actor: LiveActor) => boolean): void {
    for (const [actorId, actor] of this.#actors) {
      if (!actor.isIdle) continue
      if (!mayGo(actor)) return
      this.#actors.delete(actorId)
    }
  }
}

function heapUsed(): number {
  return process.memoryUsage().heapUsed
}
