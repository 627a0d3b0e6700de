import type { ActorId } from '../../core/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import type { FailedEvent } from '../progress/failed-event.ts'
import { type HeldActor, restMsOf } from '../progress/held-actor.ts'
import { heldEntries } from '../reading/actor-backlog.ts'
import type { EventIntake, Todo } from '../reading/event-intake.ts'
import { FailingEvents } from '../reading/failing-events.ts'
import { isOutage } from '../reading/outage.ts'
import type { ReaderName } from '../reading/reader-observer.ts'
import type { ReaderSurroundings } from '../reading/reader.ts'
import { FailingStreak } from './failing-streak.ts'
import { Lanes } from './lanes.ts'
import { maxUnstored, type PolicyPart } from './policy-part.ts'
import type { Reach } from './reaction.ts'

/** What a policy works with. */
export interface PolicySurroundings extends ReaderSurroundings {
  readonly reach: Reach
}

export interface PolicyWorkContext extends PolicySurroundings {
  readonly name: ReaderName
  readonly model: ReaderModel
  readonly intake: EventIntake
  /** Aborts when the reader ends. */
  readonly ending: AbortSignal
  /** Something has changed that has to be stored, or has to be looked at. */
  readonly onChange: () => void
}

/** Handles events: those of an actor in their order, of several at the same time; and what fails, later. */
export class PolicyWork {
  readonly #context: PolicyWorkContext
  readonly #lanes: Lanes
  /** Actors whose backlog is worked off. */
  readonly #retrying = new Set<ActorId>()
  /** What is being handled. */
  readonly #underWay = new Set<Todo>()
  readonly #failing: FailingEvents
  readonly #streak: FailingStreak
  /** What it has stopped for, as long as none has succeeded since: those that failed, or what they all need. */
  #doubt: 'streak' | 'outage' | undefined
  /** Who failed last where no more may be held back. */
  #noRoomFor: (Pick<FailedEvent, 'actorId' | 'position'> & { readonly part: number }) | undefined
  #trouble: { readonly error: unknown } | undefined

  constructor(context: PolicyWorkContext) {
    this.#context = context
    this.#lanes = new Lanes(context.model.concurrency)
    this.#failing = new FailingEvents(context)
    this.#streak = new FailingStreak(context.model.options.retries)
  }

  /** What is being handled. */
  get underWay(): Iterable<Todo> {
    return this.#underWay
  }

  /** What is no event's fault, and keeps it from going on. @throws whatever that is */
  check(): void {
    if (this.#trouble) throw this.#trouble.error
  }

  /** Begins nothing more, and waits for what is under way. */
  async stop(): Promise<void> {
    this.#lanes.clear()
    await this.#lanes.idle()
    this.#retrying.clear()
    this.#streak.clear()
    this.#trouble = undefined
  }

  /** Whether it still has to be seen that what it stopped for is over. */
  isDoubtful(parts: Iterable<PolicyPart>): boolean {
    if (this.#isWithoutRoom(parts)) return true
    if (!this.#doubt) return false
    if (this.#lanes.isBusy) return true
    if (this.#doubt === 'outage') return false
    const held = Array.from(parts, (part) => [...part.held.values()]).flat()
    return held.some(({ state }) => state === 'retrying')
  }

  /** What others have done meanwhile says nothing of the one for whom there was no room. */
  #isWithoutRoom(parts: Iterable<PolicyPart>): boolean {
    const failed = this.#noRoomFor
    const part = failed && Array.from(parts).find(({ index }) => index === failed.part)
    if (!part || part.held.has(failed.actorId)) return false
    return part.progress.state.position < failed.position
  }

  /** Whether one more would be too much, and some who are due may make room: nothing is read before. */
  awaitsRoom({ held }: PolicyPart): boolean {
    if (held.size < this.#context.model.options.maxParked) return false
    const now = this.#context.clock.now()
    return [...held.values()].some(
      (actor) => restMsOf(actor, now) <= 0 || this.#retrying.has(actor.actorId),
    )
  }

  add(part: PolicyPart, todo: Todo): void {
    const isAgain = part.take(todo.stored.position)
    this.#lanes.add(todo.stored.actorId, () => this.#handleNext(part, todo, isAgain))
  }

  /** Holds an actor back whose next event can't be read, behind those that are on their way. */
  addMalformed(part: PolicyPart, failed: FailedEvent, cause: unknown): void {
    part.take(failed.position)
    this.#lanes.add(failed.actorId, async () => {
      // One before it in its lane has failed meanwhile.
      if (part.held.has(failed.actorId)) part.leave(failed.position)
      else this.#fail(part, failed, cause)
    })
  }

  /** Tries those again that are due; gives in how many milliseconds the next one is. */
  retryDue(part: PolicyPart): number {
    const now = this.#context.clock.now()
    let nextMs = Infinity
    for (const held of part.held.values()) {
      const { actorId } = held
      if (this.#retrying.has(actorId)) continue
      const restMs = restMsOf(held, now)
      if (restMs > 0) nextMs = Math.min(nextMs, restMs)
      else {
        this.#retrying.add(actorId)
        this.#lanes.add(actorId, () => this.#retry(part, actorId))
      }
    }
    return nextMs
  }

  #isOver({ signal }: PolicyPart): boolean {
    return signal.aborted || this.#trouble !== undefined
  }

  async #handleNext(part: PolicyPart, todo: Todo, isAgain: boolean): Promise<void> {
    const { stored } = todo
    if (this.#isOver(part)) return
    // One before it in its lane has failed meanwhile.
    if (part.held.has(stored.actorId)) return part.leave(stored.position)
    try {
      part.finish(stored.position, await this.#handle(part, todo, isAgain))
      this.#context.onChange()
    } catch (cause) {
      this.#fail(part, stored, cause)
    }
  }

  /** Whether all that was done about it would do nothing if it were done again. */
  async #handle(part: PolicyPart, todo: Todo, isAgain: boolean): Promise<boolean> {
    const { event, stored, handler } = todo
    const { name, observer, reach } = this.#context
    const context = { name: name.name, build: name.build, signal: part.signal }
    const handle = (): unknown => handler(event, { ...reach, isAgain }, context)
    const handling = observer.begin?.(name, stored)
    let isHarmless: unknown
    this.#underWay.add(todo)
    try {
      isHarmless = await part.during(handling ? handling.run(handle) : handle())
    } catch (cause) {
      handling?.end({ cause })
      throw cause
    } finally {
      this.#underWay.delete(todo)
    }
    handling?.end()
    this.#failing.clear()
    this.#streak.end()
    this.#doubt = undefined
    observer.handled?.(name, 1, stored)
    return isHarmless === true
  }

  /** Holds the actor back, unless it isn't the event's fault. */
  #fail(part: PolicyPart, failed: FailedEvent, cause: unknown): void {
    if (this.#isOver(part)) return
    if (isOutage(cause)) {
      this.#doubt = 'outage'
      return this.#stopFor(cause)
    }
    const { actorId, position } = failed
    const before = part.held.get(actorId)
    let trouble: unknown = this.#streak.add(part, failed, { cause, before })
    const isStreak = trouble !== undefined
    const held = this.#failing.heldAfter(failed, cause, before)
    try {
      this.#failing.checkRoom(part.index, new Map([...part.held, [actorId, held]]))
      part.leave(position)
      // Also the last of those that it stops for: somebody may decide about it.
      part.hold(held)
      this.#failing.tell(held)
    } catch (error) {
      this.#noRoomFor = { actorId, position, part: part.index }
      trouble ??= error
    }
    if (isStreak) this.#streak.takeBack()
    if (trouble === undefined) return this.#context.onChange()
    this.#doubt = 'streak'
    this.#stopFor(trouble)
  }

  #stopFor(error: unknown): void {
    this.#trouble ??= { error }
    this.#context.onChange()
  }

  /** Handles what was held back of an actor, in order, until it has caught up with its part. */
  async #retry(part: PolicyPart, actorId: ActorId): Promise<void> {
    try {
      for (;;) {
        const held = part.held.get(actorId)
        if (!held || held.state === 'parked' || this.#isOver(part)) return
        if (!(await this.#workOff(part, held))) return
        if (!part.release(actorId)) continue
        this.#context.observer.released?.(this.#context.name, held)
        this.#context.onChange()
        return
      }
    } catch (error) {
      // The log can't be read.
      if (!this.#isOver(part)) this.#stopFor(error)
    } finally {
      this.#retrying.delete(actorId)
      this.#context.onChange()
    }
  }

  /** False where it failed again, or has to end. */
  async #workOff(part: PolicyPart, held: HeldActor): Promise<boolean> {
    const { store, ending: signal, intake } = this.#context
    const { actorId, position } = held
    // It may have been handled before it was read.
    const upTo = Math.max(part.beginBacklog(actorId), position)
    // The one that failed, and those that whoever had the part before may have handled behind it.
    let mayBeDone = maxUnstored
    for await (const entry of heldEntries(held, store, signal)) {
      const { place } = entry
      if (place.position > upTo) break
      if (isPassedOver(part, actorId, place)) continue
      try {
        if (!entry.event) throw entry.cause
        const todo = intake.read(entry.event)
        if (todo) await this.#handle(part, todo, mayBeDone-- > 0)
      } catch (cause) {
        // What somebody has decided to pass over meanwhile may fail.
        if (!isPassedOver(part, actorId, place)) this.#fail(part, place, cause)
        return false
      }
      this.#advance(part, actorId, place)
      if (this.#isOver(part)) return false
    }
    return true
  }

  /** It is held back from the next event on, so that what is done isn't done again. */
  #advance(part: PolicyPart, actorId: ActorId, { position, version }: FailedEvent): void {
    const held = part.held.get(actorId)
    if (!held) return
    part.finish(position, false)
    if (isPassedOver(part, actorId, { position })) return
    const { type: _, version: _version, lastPosition: _last, ...rest } = held
    const next = version === undefined ? {} : { version: version + 1 }
    part.hold({ ...rest, ...next, position: position + 1, tries: 0, isUntried: true })
    this.#context.onChange()
  }
}

/** Whether the actor is held back from a later event on by now, or not at all any more. */
function isPassedOver(
  part: PolicyPart,
  actorId: ActorId,
  { position }: Pick<FailedEvent, 'position'>,
): boolean {
  return (part.held.get(actorId)?.position ?? Infinity) > position
}
