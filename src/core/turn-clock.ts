import type { Clock } from './clock.ts'

/** For so long the calendar isn't looked at again within a turn: no time of an event is more exact. */
const calendarMs = 1

/**
 * A clock for much that happens in one turn. As long as that lasts, the calendar is looked at again only once the
 * monotonic clock, which is looked at behind each piece of work, says that a millisecond went by: a thousand commands
 * are decided and stored within a few of them.
 */
export class TurnClock implements Clock, Disposable {
  readonly #clock: Clock
  #isInTurn = false
  /** By the monotonic clock. */
  #lookedAt = 0
  /** What the calendar said in this turn, and the look before. */
  #calendar: number | undefined
  #calendarAt = 0

  private constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Itself where it is one: all that works in a turn has to share it. */
  static around(clock: Clock): TurnClock {
    return clock instanceof TurnClock ? clock : new TurnClock(clock)
  }

  /** A turn begins, until this is disposed of. Whoever does in it what may take long looks at the monotonic clock then. */
  turn(): Disposable {
    this.#isInTurn = true
    this.#calendar = undefined
    return this
  }

  [Symbol.dispose](): void {
    this.#isInTurn = false
  }

  now(): number {
    if (!this.#isInTurn) return this.#clock.now()
    if (this.#calendar === undefined || this.#lookedAt - this.#calendarAt >= calendarMs) {
      this.#calendar = this.#clock.now()
      this.#calendarAt = this.#lookedAt
    }
    return this.#calendar
  }

  monotonic(): number {
    this.#lookedAt = this.#clock.monotonic()
    return this.#lookedAt
  }

  /** When somebody looked last in this turn: what began since began then. Outside of turns, now. */
  recent(): number {
    return this.#isInTurn ? this.#lookedAt : this.monotonic()
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#clock.sleep(ms, signal)
  }

  every(ms: number, task: () => void): Disposable {
    return this.#clock.every(ms, task)
  }
}
