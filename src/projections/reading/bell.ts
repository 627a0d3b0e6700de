import type { Clock } from '../../core/index.ts'

/** A timer can't wait longer. */
export const longestAlarmMs = 2_147_483_647

/** Wakes whoever waits for something to do: one at a time. */
export class Bell implements Disposable {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly ring = (): void => this.#rung.resolve()
  #rung = Promise.withResolvers<void>()

  /** The signal rings, too. */
  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
    signal.addEventListener('abort', this.ring)
    if (signal.aborted) this.ring()
  }

  /** Resolves when it rings, or has since it was last waited for; after so many ms at the latest. */
  async wait(ms: number = Infinity): Promise<void> {
    // An alarm that keeps no process alive.
    const alarmMs = Math.min(Math.max(1, ms), longestAlarmMs)
    using _alarm = ms < Infinity ? this.#clock.every(alarmMs, this.ring) : undefined
    await this.#rung.promise
    if (!this.#signal.aborted) this.#rung = Promise.withResolvers()
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.ring)
  }
}
