import { AetherError, type Clock } from '../../core/index.ts'

/** Something that waits until a moment of the monotonic clock at most. */
export interface Timed {
  readonly deadline: number
  /** Where it stands among those who wait; {@link notWaiting} as long as it doesn't. Set by {@link Deadlines}. */
  place: number
  expire(): void
}

/** How late somebody may be told that his time is up; one timer serves all. */
const sweepMs = 50

/**
 * When the patience of somebody ends who began to wait at this moment.
 * @throws AetherError `invalid-argument`
 */
export function deadlineOf(timeoutMs: number, since: number): number {
  if (timeoutMs > 0) return since + timeoutMs
  const message = `timeoutMs must be a number greater than 0, not ${String(timeoutMs)}`
  throw new AetherError('invalid-argument', message)
}

/** The place of whoever doesn't wait. */
export const notWaiting = -1

/**
 * Tells those whose time is up. Who waits knows its place in a list: a set would be laid out anew after
 * every few commands, and those layouts, of which each refers to the next, reach the old heap together
 * with all that was in them.
 */
export class Deadlines {
  readonly #clock: Clock
  /** None that is done: what it holds would outlive its time in the heap, and cost the collector. */
  readonly #waiting: Timed[] = []
  #sweeping: Disposable | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(timed: Timed): void {
    timed.place = this.#waiting.push(timed) - 1
    this.#sweeping ??= this.#clock.every(sweepMs, () => this.#sweep())
  }

  /** It doesn't wait any more. */
  remove(timed: Timed): void {
    const { place } = timed
    if (place === notWaiting) return
    timed.place = notWaiting
    const last = this.#waiting.pop()
    if (!last || last === timed) return
    last.place = place
    this.#waiting[place] = last
  }

  #sweep(): void {
    const now = this.#clock.monotonic()
    for (const timed of this.#waiting.filter(({ deadline }) => deadline <= now)) {
      // One of those before it may have ended its wait.
      if (timed.place === notWaiting) continue
      this.remove(timed)
      timed.expire()
    }
    if (this.#waiting.length > 0) return
    this.#sweeping?.[Symbol.dispose]()
    this.#sweeping = undefined
  }
}
