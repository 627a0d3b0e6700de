import type { Clock } from '../../core/index.ts'

/** Something that waits until a moment of the monotonic clock at most. */
export interface Timed {
  readonly deadline: number
  expire(): void
}

/** How late somebody may be told that his time is up; one timer serves all. */
const sweepMs = 50

/** Tells those whose time is up. */
export class Deadlines {
  readonly #clock: Clock
  /** None that is done: what it holds would outlive its time in the heap, and cost the collector. */
  readonly #waiting = new Set<Timed>()
  #sweeping: Disposable | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(timed: Timed): void {
    this.#waiting.add(timed)
    this.#sweeping ??= this.#clock.every(sweepMs, () => this.#sweep())
  }

  /** It doesn't wait any more. */
  remove(timed: Timed): void {
    this.#waiting.delete(timed)
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    for (const timed of this.#waiting) {
      if (timed.deadline > now) continue
      this.#waiting.delete(timed)
      timed.expire()
    }
    if (this.#waiting.size > 0) return
    this.#sweeping?.[Symbol.dispose]()
    this.#sweeping = undefined
  }
}
