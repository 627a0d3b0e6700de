import {
  type ActorId,
  AetherError,
  type Clock,
  type ErrorCode,
  isAetherError,
  type Logger,
  messageOf,
} from '../../core/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import type { FailedEvent } from '../progress/failed-event.ts'
import { type HeldActor, holdBack } from '../progress/held-actor.ts'
import { isOutage } from './outage.ts'
import type { ReaderName, ReaderObserver } from './reader-observer.ts'

interface Around {
  readonly name: ReaderName
  readonly model: ReaderModel
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: ReaderObserver
}

/** From how many actors on, whose events fail one after the other, it is not their fault. */
const outageActors = 10

/** Tells events that fail from a reader that can't go on, and holds their actors back. */
export class FailingEvents {
  readonly #around: Around
  /** Actors whose events failed, one after the other, since a handler succeeded last. */
  readonly #actors = new Set<ActorId>()
  /** Those whose events failed again: however many they are, it says little of what comes new. */
  readonly #again = new Set<ActorId>()

  constructor(around: Around) {
    this.#around = around
  }

  /** A handler has succeeded, or all begins anew. */
  clear(): void {
    this.#actors.clear()
    this.#again.clear()
  }

  /**
   * An event of the actor failed.
   * @param before the actor, where it was held back already
   * @returns whether it may be no event's fault: that shows with those of other actors
   * @throws what isn't its fault: an outage as it is; AetherError `reader-stopped` where those of many
   * actors failed and none succeeded
   */
  blame(
    { actorId, position }: FailedEvent,
    cause: unknown,
    before: HeldActor | undefined,
  ): boolean {
    if (isOutage(cause)) throw cause
    if (isOfItself(cause) || (before?.position === position && this.#wasParked(before)))
      return false
    const actors = before ? this.#again : this.#actors
    actors.add(actorId)
    if (actors.size < outageActors) return true
    const message = `the events of ${outageActors} actors failed one after the other, the last with: ${messageOf(cause)}`
    throw new AetherError('reader-stopped', message, { cause })
  }

  /** One that is tried once more as others took over says what is known already. */
  #wasParked({ tries }: HeldActor): boolean {
    return tries > this.#around.model.options.retries
  }

  /** The actor from now on, and whoever is to know that is told. */
  heldAfter(failed: FailedEvent, cause: unknown, before: HeldActor | undefined): HeldActor {
    const { clock, logger, observer, name, model } = this.#around
    const held = holdBack(failed, cause, before, { ...model.options, now: clock.now() })
    const { actorId, position, tries, state } = held
    const what = state === 'parked' ? 'is parked' : 'is held back and tried again'
    const message = `${actorId} ${what} by the ${name.kind} ${name.name}: ${held.cause.message}`
    logger.warn({ ...name, actorId, position, tries }, message)
    observer.heldBack?.(name, held)
    return held
  }

  /** @throws AetherError `reader-stopped` where a part would hold back more actors than it may */
  checkRoom(held: number): void {
    const { maxParked } = this.#around.model.options
    if (held <= maxParked) return
    const message = `more than ${maxParked} actors of one part are held back: mend the cause, then retry them`
    throw new AetherError('reader-stopped', message)
  }
}

/** What lies in one event doesn't say anything about others. */
const ownCodes: ReadonlySet<ErrorCode> = new Set([
  ...(['too-large', 'malformed-event', 'history-trimmed'] as const),
])

function isOfItself(cause: unknown): boolean {
  return isAetherError(cause) && ownCodes.has(cause.code)
}
