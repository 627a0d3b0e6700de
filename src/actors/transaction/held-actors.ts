import type { ActorId } from '../../core/index.ts'
import type { LiveActor } from '../live/live-actor.ts'
import type { Patience } from '../live/patience.ts'
import type { TransactionActor } from './share.ts'

/** Brings an actor to life. */
export type Activate = (actorId: ActorId) => TransactionActor

/** Who waits for an actor, and for how long. */
type Waiting = Pick<Patience, 'race'>

const forEver: Waiting = { race: (promise) => promise }

/** Actors that nothing else happens to until they are let go. */
export class HeldActors implements Disposable {
  readonly #actorIds: readonly ActorId[]
  readonly #activate: Activate
  readonly #actors = new Map<ActorId, TransactionActor>()
  readonly #holds = new Map<ActorId, { release(): void }>()

  private constructor(actorIds: readonly ActorId[], activate: Activate) {
    this.#actorIds = actorIds
    this.#activate = activate
  }

  /**
   * Waits for each of them, in one order of all actors, so that no two transactions wait for each
   * other. Whoever holds all has begun: from then on the caller can't take it back.
   * @throws AetherError `overloaded`, and the end of patience
   */
  static async hold(
    actorIds: readonly ActorId[],
    activate: Activate,
    within: Patience,
  ): Promise<HeldActors> {
    const held = new HeldActors(actorIds, activate)
    try {
      await held.#holdAll(within)
      within.begin()
      return held
    } catch (error) {
      held[Symbol.dispose]()
      throw error
    }
  }

  /** All, in the order of the caller. */
  get actors(): readonly TransactionActor[] {
    return this.#actorIds.map((actorId) => this.#actors.get(actorId) as TransactionActor)
  }

  /** Forgets the states of those that are still held: what is stored may be another. */
  forgetStates(): void {
    for (const actorId of this.#holds.keys()) this.#actors.get(actorId)?.live.forget()
  }

  /** Lets one go before the others. */
  letGo(actorId: ActorId): void {
    this.#holds.get(actorId)?.release()
    this.#holds.delete(actorId)
  }

  /**
   * Waits once more for all of them, where some were let go; for the others as well, as somebody who holds those may
   * wait for these.
   * @throws AetherError `overloaded`
   */
  async holdAgain(): Promise<void> {
    if (this.#holds.size === this.#actorIds.length) return
    this[Symbol.dispose]()
    await this.#holdAll(forEver)
  }

  [Symbol.dispose](): void {
    for (const actorId of [...this.#holds.keys()]) this.letGo(actorId)
  }

  async #holdAll(within: Waiting): Promise<void> {
    for (const actorId of this.#actorIds.toSorted()) await this.#hold(actorId, within)
  }

  async #hold(actorId: ActorId, within: Waiting): Promise<void> {
    const actor = this.#activate(actorId)
    const holding = actor.live.hold()
    this.#actors.set(actorId, actor)
    try {
      this.#holds.set(actorId, await within.race(holding))
    } catch (error) {
      letGoLater(holding)
      throw error
    }
  }
}

/** Whoever lost patience gets the actor all the same, later. */
function letGoLater(holding: ReturnType<LiveActor['hold']>): void {
  holding.then((hold) => hold.release()).catch(() => undefined)
}
