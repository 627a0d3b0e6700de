import { type ActorId, AetherError, type Clock, type Logger } from '../../core/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import type { FailedEvent } from '../progress/failed-event.ts'
import { type HeldActor, holdBack } from '../progress/held-actor.ts'
import type { ReaderName, ReaderObserver } from './reader-observer.ts'

interface Around {
  readonly name: ReaderName
  readonly model: ReaderModel
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: ReaderObserver
}

/** Of how many actors it is told that they fail, until a handler succeeds: a log has its limits, too. */
const toldActors = 10

/** Holds back the actors whose events fail, and tells of them. */
export class FailingEvents {
  readonly #around: Around
  /** Of whom was told since a handler succeeded last. */
  readonly #told = new Set<ActorId>()

  constructor(around: Around) {
    this.#around = around
  }

  /** A handler has succeeded. */
  clear(): void {
    this.#told.clear()
  }

  /** The actor from now on, and whoever is to know that is told. */
  heldAfter(failed: FailedEvent, cause: unknown, before: HeldActor | undefined): HeldActor {
    const { clock, observer, name, model } = this.#around
    const held = holdBack(failed, cause, before, { ...model.options, now: clock.now() })
    this.#tell(held)
    observer.heldBack?.(name, held)
    return held
  }

  #tell({ actorId, position, tries, state, cause }: HeldActor): void {
    const { logger, name } = this.#around
    if (this.#told.size >= toldActors && !this.#told.has(actorId)) return
    const isNew = !this.#told.has(actorId)
    this.#told.add(actorId)
    const what = state === 'parked' ? 'is parked' : 'is held back and tried again'
    const message = `${actorId} ${what} by the ${name.kind} ${name.name}: ${cause.message}`
    logger.warn({ ...name, actorId, position, tries }, message)
    if (!isNew || this.#told.size < toldActors) return
    const rest = `the ${name.kind} ${name.name} has failed for ${toldActors} actors one after the other: until it succeeds, others that fail are held back without a line each; parked() lists all`
    logger.warn({ ...name, actorId, position }, rest)
  }

  /** @throws AetherError `reader-stopped` where a part would hold back more actors than it may */
  checkRoom(held: number): void {
    const { maxParked } = this.#around.model.options
    if (held <= maxParked) return
    const message = `more than ${maxParked} actors of one part are held back: mend the cause, then retry them`
    throw new AetherError('reader-stopped', message)
  }
}
