import type { ActorId } from '../../core/index.ts'
import type { WriteOutcome } from '../commit-log.ts'
import type { StoreObserver } from '../store-observer.ts'
import type { Commit } from './commit.ts'

/** Tells an observer, if there is one, what became of each write, and how long it took. */
export class ObservedWrites {
  readonly #observer: StoreObserver | undefined
  readonly #begin: () => number
  readonly #look: () => number

  /**
   * Both tell the time in milliseconds, by a clock that is never set back.
   * @param begin may be as of a moment before
   */
  constructor(observer: StoreObserver | undefined, begin: () => number, look: () => number) {
    this.#observer = observer
    this.#begin = begin
    this.#look = look
  }

  /** When the write begins. */
  begin(): number {
    return this.#begin()
  }

  ended({ parts }: Commit, outcome: WriteOutcome, since: number): void {
    if (!this.#observer) return
    const ms = this.#look() - since
    if (outcome.ok) this.#observer.stored(outcome.parts, ms)
    else this.#observer.conflicted(parts[outcome.partIndex]?.actorId as ActorId, ms)
  }

  failed(failure: unknown, since: number): void {
    this.#observer?.failed(failure, this.#look() - since)
  }
}
