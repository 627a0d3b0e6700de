import type { ActorId } from '../../core/index.ts'
import type { FailedEvent } from '../progress/failed-event.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import type { PolicyPart } from './policy-part.ts'

/**
 * The tries that failed one after the other, since a handler succeeded last. Where there are so many that no
 * event is to blame, none of them counts: whatever a policy needs may be away for long, and those who happened
 * to be tried meanwhile would be parked.
 */
export class FailingStreak {
  readonly #begun = new Map<ActorId, { readonly part: PolicyPart; readonly tries: number }>()

  /** @param before the actor, where it was held back already */
  add(part: PolicyPart, { actorId, position }: FailedEvent, before: HeldActor | undefined): void {
    if (this.#begun.has(actorId)) return
    const tries = before?.position === position ? before.tries : 0
    this.#begun.set(actorId, { part, tries })
  }

  clear(): void {
    this.#begun.clear()
  }

  /** They are tried as often as if none of it had been. */
  takeBack(): void {
    for (const [actorId, { part, tries }] of this.#begun) {
      const held = part.held.get(actorId)
      if (held) part.hold({ ...held, state: 'retrying', tries })
    }
    this.#begun.clear()
  }
}
