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

  /** The actor from now on, if there is room for it. */
  heldAfter(failed: FailedEvent, cause: unknown, before: HeldActor | undefined): HeldActor {
    const { clock, model } = this.#around
    return holdBack(failed, cause, before, { ...model.options, now: clock.now() })
  }

  /** Whoever is to know that an actor is held back is told. */
  tell(held: HeldActor): void {
    const { observer, name } = this.#around
    observer.heldBack?.(name, held)
    this.#log(held)
  }

  #log({ actorId, position, tries, state, cause }: HeldActor): void {
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

  /**
   * @param held by the part, whoever failed last at the end
   * @throws AetherError `reader-stopped` where they are more than may be
   */
  checkRoom(part: number, held: ReadonlyMap<ActorId, HeldActor>): void {
    const { maxParked } = this.#around.model.options
    if (held.size <= maxParked) return
    const { actorId, position, cause } = [...held.values()].at(-1) as HeldActor
    const message = `${actorId} failed at position ${position} (${cause.message}), and part ${part} holds back as many as maxParked allows, ${maxParked}: mend the cause and retry them, or skip some; or raise maxParked`
    throw new AetherError('reader-stopped', message)
  }
}
