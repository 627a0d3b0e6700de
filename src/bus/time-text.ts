import type { Clock } from '../core/index.ts'

/** The time as text, which is made once for each millisecond: that is what costs. */
export class TimeText {
  readonly #clock: Clock
  #ms = Number.NaN
  #text = ''

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** ISO 8601, UTC, milliseconds. */
  now(): string {
    const ms = this.#clock.now()
    if (ms !== this.#ms) {
      this.#ms = ms
      this.#text = new Date(ms).toISOString()
    }
    return this.#text
  }
}
