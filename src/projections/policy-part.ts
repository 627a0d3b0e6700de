import type { ActorId } from '../core/index.ts'
import type { Progress, ProgressChange } from '../store/index.ts'
import type { HeldActor } from './held-actor.ts'
import {
  changeTo,
  type PartProgress,
  type PartState,
  readProgress,
  releasing,
} from './part-progress.ts'

/**
 * One part of a policy on the member that it belongs to. Its events are finished in any order: so how
 * far it is, is where the first that is under way stands, and what is done behind that.
 */
export class PolicyPart {
  readonly index: number
  readonly #losing = new AbortController()
  /** Taken in and not finished, in their order. */
  readonly #open = new Set<number>()
  readonly #done: Set<number>
  /** Actors held back of whom more was taken in since somebody looked. */
  readonly #backlogged = new Set<ActorId>()
  /** Everything up to here is taken in. */
  #readTo: number
  #stored: PartProgress
  #held: ReadonlyMap<ActorId, HeldActor>
  #isChanged = false

  constructor(stored: PartProgress) {
    this.index = Number(stored.part)
    this.#stored = stored
    this.#readTo = stored.state.position
    this.#held = stored.state.held
    this.#done = new Set(stored.state.done)
  }

  /** Aborts when the part is another member's. */
  get signal(): AbortSignal {
    return this.#losing.signal
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

  /** What would be read again in vain if it ended now: events under way, and done behind the first of them. */
  get ahead(): number {
    this.#forgetOld()
    return this.#open.size + this.#done.size
  }

  /** Whether something happened that would happen again if it were not stored. */
  get isChanged(): boolean {
    return this.#isChanged
  }

  /** Whether it got on since it was stored, if only by what needed nothing. */
  get isAhead(): boolean {
    return this.#isChanged || this.#position > this.#stored.state.position
  }

  lose(reason: unknown): void {
    this.#losing.abort(reason)
  }

  /** Whether an event is still to be handled; one of an actor held back is left to its retry. */
  wants(actorId: ActorId, position: number): boolean {
    if (position <= this.#readTo || this.#done.has(position)) return false
    if (!this.#held.has(actorId)) return true
    this.#backlogged.add(actorId)
    return false
  }

  take(position: number): void {
    this.#open.add(position)
  }

  passTo(position: number): void {
    this.#readTo = Math.max(this.#readTo, position)
  }

  finish(position: number): void {
    this.#open.delete(position)
    this.#done.add(position)
    this.#isChanged = true
  }

  /** It is left to the retry of its actor. */
  leave(position: number): void {
    this.#open.delete(position)
  }

  hold(actor: HeldActor): void {
    this.#held = new Map([...this.#held, [actor.actorId, actor]])
    this.#isChanged = true
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
    return true
  }

  /** What has to be stored, and what takes it over. */
  change(): { readonly change: ProgressChange; stored(progress: Progress): void } {
    const state = this.#state()
    this.#isChanged = false
    return {
      change: changeTo(this.#stored, state),
      stored: ({ part, revision }) => {
        this.#stored = { part, revision, storedPosition: state.position, state }
      },
    }
  }

  /** What was to be stored could not be. */
  unchange(): void {
    this.#isChanged = true
  }

  /** Somebody else has stored how far it is: whatever they changed holds, unless it was changed here. */
  takeOver(progress: Progress): void {
    const before = this.#stored.state.held
    const theirs = readProgress(progress)
    const held = new Map<ActorId, HeldActor>()
    for (const actorId of new Set([...this.#held.keys(), ...theirs.state.held.keys()])) {
      const ours = this.#held.get(actorId)
      const actor = ours === before.get(actorId) ? theirs.state.held.get(actorId) : ours
      if (actor) held.set(actorId, actor)
    }
    this.#held = held
    for (const position of theirs.state.done) this.#done.add(position)
    this.#stored = theirs
    this.passTo(theirs.state.position)
  }

  get #position(): number {
    for (const first of this.#open) return first - 1
    return this.#readTo
  }

  #state(): PartState {
    this.#forgetOld()
    const { skipped, isFrozen } = this.#stored.state
    const done = [...this.#done].toSorted((a, b) => a - b)
    return { position: this.#position, held: this.#held, skipped, done, isFrozen }
  }

  #forgetOld(): void {
    const position = this.#position
    for (const done of this.#done) if (done <= position) this.#done.delete(done)
  }
}
