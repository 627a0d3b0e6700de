import type { ActorId } from '../../core/index.ts'
import type { Progress, ProgressChange } from '../../store/index.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import type { LogMark } from '../progress/log-mark.ts'
import {
  changeTo,
  type PartProgress,
  type PartState,
  readProgress,
  releasing,
} from '../progress/part-progress.ts'

/**
 * How many events are taken in before it is stored what became of them: so many, at most, may have been handled
 * by whoever had the part before, without that being known.
 */
export const maxUnstored = 2_000

/**
 * One part of a policy on the member that it belongs to. Its events are finished in any order: so how
 * far it is, is where the first that is under way stands, and what is done behind that.
 */
export class PolicyPart {
  readonly index: number
  /** Aborts when the part is another member's, or the reader ends. */
  readonly signal: AbortSignal
  readonly #losing = new AbortController()
  /** Taken in and not finished. */
  readonly #open = new Set<number>()
  /** How many were taken in of which it is not stored that they are finished. */
  #unstored = 0
  /** Where the log ended when the part was found; undefined before it is read. */
  #foundTo: number | undefined
  /** How many of those that come next may have been handled by whoever had it before. */
  #mayBeDone = maxUnstored
  readonly #done: Set<number>
  /** Actors held back of whom more was taken in since somebody looked. */
  readonly #backlogged = new Set<ActorId>()
  /** Everything up to here is taken in. */
  #readTo: number
  /** The last event that was taken in of the log. */
  #mark: LogMark | undefined
  #stored: PartProgress
  #held: ReadonlyMap<ActorId, HeldActor>
  readonly #running = new Set<Promise<unknown>>()
  #isChanged = false
  #isUrgent = false

  /** @param ending aborts when the reader ends */
  constructor(stored: PartProgress, ending: AbortSignal) {
    this.index = Number(stored.part)
    this.signal = AbortSignal.any([ending, this.#losing.signal])
    this.#stored = stored
    this.#readTo = stored.state.position
    this.#mark = stored.state.mark
    this.#held = stored.state.held
    this.#done = new Set(stored.state.done)
  }

  get readTo(): number {
    return this.#readTo
  }

  get revision(): number | undefined {
    return this.#stored.revision
  }

  get held(): ReadonlyMap<ActorId, HeldActor> {
    return this.#held
  }

  /** How far it is by now. */
  get progress(): PartProgress {
    return { ...this.#stored, state: this.#state() }
  }

  /** Whether fewer events than that are under way, or done behind the first that is. */
  hasRoom(most: number): boolean {
    if (this.#unstored >= maxUnstored) return false
    if (this.#open.size + this.#done.size < most) return true
    this.#forgetOld()
    return this.#open.size + this.#done.size < most
  }

  /** Whether something happened that would happen again if it were not stored. */
  get isChanged(): boolean {
    return this.#isChanged
  }

  /** Whether that must not happen again if it can be helped. */
  get isUrgent(): boolean {
    return this.#isUrgent
  }

  /** Whether it got on since it was stored, if only by what needed nothing. */
  get isAhead(): boolean {
    return this.#isChanged || this.#position > this.#stored.state.position
  }

  /** What is under way for one of its events. */
  async during(handling: unknown): Promise<unknown> {
    const running = Promise.resolve(handling)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /** Resolves when nothing of it is under way any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running)
  }

  lose(reason: unknown): void {
    this.#losing.abort(reason)
  }

  /** Whether an event is still to be handled; one of an actor held back is left to its retry. */
  wants(actorId: ActorId, position: number): boolean {
    if (position <= this.#readTo || this.#done.has(position) || this.#open.has(position))
      return false
    if (!this.#held.has(actorId)) return true
    this.#backlogged.add(actorId)
    return false
  }

  /** What stands in the log up to here may have been handled by whoever had it before. */
  findTo(end: number): void {
    this.#foundTo ??= end
  }

  /** Gives whether the event may have been handled before. */
  take(position: number): boolean {
    this.#open.add(position)
    this.#unstored++
    if (this.#mayBeDone === 0 || position > (this.#foundTo ?? 0)) return false
    this.#mayBeDone--
    return true
  }

  passTo(position: number, mark = this.#mark): void {
    this.#mark = mark
    this.#readTo = Math.max(this.#readTo, position)
  }

  /** @param isHarmless whether it would do nothing if it were handled again */
  finish(position: number, isHarmless: boolean): void {
    this.#open.delete(position)
    this.#done.add(position)
    this.#isChanged = true
    this.#isUrgent ||= !isHarmless
  }

  /** It is left to the retry of its actor. */
  leave(position: number): void {
    this.#open.delete(position)
  }

  hold(actor: HeldActor): void {
    this.#held = new Map([...this.#held, [actor.actorId, actor]])
    this.#isChanged = true
    this.#isUrgent = true
  }

  /** Begins to work off what was held back of an actor; gives up to where that is known. */
  beginBacklog(actorId: ActorId): number {
    this.#backlogged.delete(actorId)
    return this.#readTo
  }

  /** Lets an actor go on, unless there is more to work off. */
  release(actorId: ActorId): boolean {
    if (this.#backlogged.has(actorId)) return false
    this.#held = releasing(this.#state(), actorId).held
    this.#isChanged = true
    this.#isUrgent = true
    return true
  }

  /** What has to be stored, and what takes it over. */
  change(): { readonly change: ProgressChange; stored(progress: Progress): void } {
    const state = this.#state()
    this.#isChanged = false
    this.#isUrgent = false
    const finished = this.#unstored - this.#open.size
    return {
      change: changeTo(this.#stored, state),
      stored: ({ part, revision }) => {
        this.#unstored -= finished
        this.#stored = { part, revision, storedPosition: state.position, state }
      },
    }
  }

  /** What was to be stored could not be. */
  unchange(): void {
    this.#isChanged = true
    this.#isUrgent = true
  }

  /**
   * Somebody else has stored how far it is: whatever they changed holds, unless more was done here. What they
   * decided about an event that failed here meanwhile, such as to pass over it, holds as well.
   */
  takeOver(progress: Progress): void {
    const before = this.#stored.state.held
    const theirs = readProgress(progress)
    const held = new Map<ActorId, HeldActor>()
    for (const actorId of new Set([...this.#held.keys(), ...theirs.state.held.keys()])) {
      const actor = laterOf({
        before: before.get(actorId),
        ours: this.#held.get(actorId),
        theirs: theirs.state.held.get(actorId),
        theirPosition: theirs.state.position,
      })
      if (actor) held.set(actorId, actor)
    }
    this.#held = held
    for (const position of theirs.state.done) this.#done.add(position)
    this.#stored = theirs
    this.passTo(theirs.state.position)
  }

  get #position(): number {
    let position = this.#readTo
    for (const open of this.#open) position = Math.min(position, open - 1)
    return position
  }

  #state(): PartState {
    this.#forgetOld()
    const { skipped, frozenFor } = this.#stored.state
    const done = [...this.#done].toSorted((a, b) => a - b)
    return {
      position: this.#position,
      held: this.#held,
      skipped,
      done,
      frozenFor,
      mark: this.#mark,
    }
  }

  #forgetOld(): void {
    const position = this.#position
    for (const done of this.#done) if (done <= position) this.#done.delete(done)
  }
}

/** How an actor is held back after both have changed that: undefined where it is not any more. */
function laterOf({
  before,
  ours,
  theirs,
  theirPosition,
}: Readonly<Record<'before' | 'ours' | 'theirs', HeldActor | undefined>> & {
  readonly theirPosition: number
}): HeldActor | undefined {
  if (ours === before) return theirs
  // Whoever has got as far, and holds nobody back, has handled what failed here.
  if (!theirs) return ours && ours.position > theirPosition ? ours : undefined
  if (!ours || theirs.position < ours.position) return ours
  const isDecided = theirs.nextTry !== before?.nextTry || theirs.position !== before.position
  return isDecided ? theirs : ours
}
