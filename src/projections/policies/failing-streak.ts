import {
  type ActorId,
  AetherError,
  type ErrorCode,
  isAetherError,
  messageOf,
} from '../../core/index.ts'
import type { FailedEvent } from '../progress/failed-event.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import type { PolicyPart } from './policy-part.ts'

/** From how many actors on, whose events fail one after the other, it is not their fault. */
const outageActors = 10

interface Begun {
  readonly part: PolicyPart
  readonly tries: number
}

/** Tells events that fail from a policy that can't go on, as what its handlers need is away. */
export class FailingStreak {
  readonly #retries: number
  /** Actors whose events failed for the first time, one after the other, since a handler succeeded last. */
  readonly #first = new Map<ActorId, Begun>()
  /** Those whose events failed again: however many they are, it says little of what comes new. */
  readonly #again = new Map<ActorId, Begun>()
  /** Who has failed since a handler succeeded last, whatever it stopped for meanwhile. */
  readonly #failed = new Set<ActorId>()

  /** @param retries how often an actor is tried again before it is parked */
  constructor(retries: number) {
    this.#retries = retries
  }

  /** A handler has succeeded. */
  end(): void {
    this.clear()
    this.#failed.clear()
  }

  /** All that is under way begins anew. */
  clear(): void {
    this.#first.clear()
    this.#again.clear()
  }

  /**
   * An event of the actor failed. Where so many did, one after the other, that no event is to blame, none of
   * these tries counts: whatever a policy needs may be away for long, and those who happened to be tried
   * meanwhile would be parked.
   * @param before the actor, where it was held back already
   * @returns what the policy has to stop for, if it has
   */
  add(
    part: PolicyPart,
    failed: FailedEvent,
    { cause, before }: { readonly cause: unknown; readonly before: HeldActor | undefined },
  ): AetherError | undefined {
    if (this.#isOwn(failed, cause, before)) return undefined
    const { actorId, position } = failed
    const actors = before ? this.#again : this.#first
    const tries = before?.position === position ? before.tries : 0
    if (!actors.has(actorId)) actors.set(actorId, { part, tries })
    if (actors.size < outageActors) return undefined
    const last = `${actorId} at position ${position} with: ${messageOf(cause)}`
    const message = `the events of ${outageActors} actors failed one after the other, the last of ${last}`
    return new AetherError('reader-stopped', message, { cause })
  }

  /** They are tried as often as if none of it had been. */
  takeBack(): void {
    for (const [actorId, { part, tries }] of [...this.#first, ...this.#again]) {
      const held = part.held.get(actorId)
      if (held) part.hold({ ...held, state: 'retrying', tries })
    }
    this.clear()
  }

  /** Whether it says nothing about the events of others. */
  #isOwn(
    { actorId, position }: FailedEvent,
    cause: unknown,
    before: HeldActor | undefined,
  ): boolean {
    const isFirst = !this.#failed.has(actorId)
    this.#failed.add(actorId)
    if (isAetherError(cause) && ownCodes.has(cause.code)) return true
    if (!before) return false
    // Where another has succeeded since it failed last, it is not for what all need.
    if (isFirst) return true
    // One that is tried once more as others took over says what is known already.
    return before.position === position && before.tries > this.#retries
  }
}

/** What lies in one event, or is of one actor that was asked, doesn't say anything about others. */
const ownCodes: ReadonlySet<ErrorCode> = new Set([
  ...(['too-large', 'malformed-event', 'history-trimmed'] as const),
  ...(['command-rejected', 'version-conflict'] as const),
])
