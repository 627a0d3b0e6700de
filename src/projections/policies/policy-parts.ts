import type { Progress } from '../../store/index.ts'
import {
  type KnownParts,
  leastOf,
  newPart,
  type PartProgress,
  readProgress,
  takenOver,
} from '../progress/part-progress.ts'
import { PolicyPart } from './policy-part.ts'

/** The parts of a policy that are this member's, by their numbers. */
export class PolicyParts implements Iterable<PolicyPart> {
  readonly #ending: AbortSignal
  readonly #parts = new Map<number, PolicyPart>()
  /** The names of those that were its own when it looked last, also of those that are begun anew since. */
  #known: ReadonlySet<string> = new Set()

  /** @param ending aborts when the reader ends */
  constructor(ending: AbortSignal) {
    this.#ending = ending
  }

  get size(): number {
    return this.#parts.size
  }

  get(index: number): PolicyPart | undefined {
    return this.#parts.get(index)
  }

  [Symbol.iterator](): Iterator<PolicyPart> {
    return this.#parts.values()
  }

  /** Up to where all of them have taken the log in; infinite without parts. */
  get readTo(): number {
    return Math.min(...Array.from(this, ({ readTo }) => readTo))
  }

  /** As far as they are by now; undefined before they were read. */
  known(): KnownParts | undefined {
    if (this.size === 0) return undefined
    const all = Array.from(this, (part) => part.progress)
    return {
      all,
      get: (index) => all.find(({ part }) => part === String(index)),
      position: leastOf(all.map(({ state }) => state)),
    }
  }

  /** Those that are none of these any more. */
  without(owned: ReadonlySet<string>): readonly PolicyPart[] {
    return [...this].filter(({ index }) => !owned.has(String(index)))
  }

  /**
   * Takes over what is owned by now, and what others have changed.
   * @param now of the clock: when who is parked in one that is new here is due
   * @param origin where one begins that was never stored
   * @returns whether some are begun, so that events may have to be read that were read before
   */
  adopt(
    stored: readonly Progress[],
    owned: ReadonlySet<string>,
    { now, origin }: { readonly now: number; readonly origin: number },
  ): boolean {
    for (const part of this) {
      // One that was given up meanwhile and is its own again is begun anew: its work has ended.
      if (!owned.has(String(part.index)) || part.signal.aborted) this.#forget(part)
    }
    let isBegun = false
    for (const name of owned) {
      const progress = stored.find(({ part }) => part === name)
      const part = this.#parts.get(Number(name))
      if (!part) {
        const begun = progress ? this.#found(readProgress(progress), now) : newPart(name, origin)
        this.#parts.set(Number(name), new PolicyPart(begun, this.#ending))
        isBegun = true
      } else if (progress && progress.revision !== part.revision) part.takeOver(progress)
    }
    this.#known = new Set(owned)
    return isBegun
  }

  /** What was taken in and not handled has to be read again. */
  clear(): void {
    for (const part of this) this.#forget(part)
  }

  #found(progress: PartProgress, now: number): PartProgress {
    return this.#known.has(progress.part) ? progress : takenOver(progress, now)
  }

  #forget(part: PolicyPart): void {
    part.lose(undefined)
    this.#parts.delete(part.index)
  }
}
