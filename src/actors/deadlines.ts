import type { Clock } from '../core/index.ts'

/** Something that waits until a moment of the monotonic clock at most. */
export interface Timed {
  readonly deadline: number
  /** True once it doesn't wait any more. */
  readonly isDone: boolean
  expire(): void
}

/** How late somebody may be told that his time is up; one timer serves all. */
const sweepMs = 50

/** Tells those whose time is up. Those that are done are left where they are until the next look. */
export class Deadlines {
  readonly #clock: Clock
  #waiting: Timed[] = []
  #sweeping: Disposable | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(timed: Timed): void {
    this.#waiting.push(timed)
    this.#sweeping ??= this.#clock.every(sweepMs, () => this.#sweep())
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    const all = this.#waiting
    this.#waiting = []
    for (const timed of all) {
      if (timed.isDone) continue
      if (timed.deadline <= now) timed.expire()
      else this.#waiting.push(timed)
    }
    if (all.length > 0) return
    this.#sweeping?.[Symbol.dispose]()
    this.#sweeping = undefined
  }
}
