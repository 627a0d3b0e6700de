import type { ActorId } from '../../core/index.ts'
import type { LiveActor } from '../live/live-actor.ts'
import type { Patience } from '../live/patience.ts'
import type { TransactionActor } from './share.ts'

/** Brings an actor to life. */
export type Activate = (actorId: ActorId) => TransactionActor

/** Actors that nothing else happens to until they are let go. */
export class HeldActors implements Disposable {
  readonly #actors = new Map<ActorId, TransactionActor>()
  readonly #holds: { release(): void }[] = []

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
    const held = new HeldActors()
    try {
      for (const actorId of actorIds.toSorted()) await held.#hold(actorId, activate, within)
      within.begin()
      return held
    } catch (error) {
      held[Symbol.dispose]()
      throw error
    }
  }

  of(actorIds: readonly ActorId[]): readonly TransactionActor[] {
    return actorIds.map((actorId) => this.#actors.get(actorId) as TransactionActor)
  }

  [Symbol.dispose](): void {
    for (const hold of this.#holds) hold.release()
  }

  async #hold(actorId: ActorId, activate: Activate, within: Patience): Promise<void> {
    const actor = activate(actorId)
    const holding = actor.live.hold()
    this.#actors.set(actorId, actor)
    try {
      this.#holds.push(await within.race(holding))
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
