import { systemClock } from '../../../core/index.ts'
import type { NatsLink } from './nats-link.ts'

/** The first pause is about this long; each further one about twice as long as the last. */
const firstPauseMs = 1
const longestPauseMs = 250

/** Bounds in time how long one operation goes on trying, and spaces its tries. */
export class RetryBudget {
  readonly #link: NatsLink
  readonly #signal: AbortSignal | undefined
  /** When it's over, of `performance.now()`. */
  readonly deadline: number
  #pauseMs = firstPauseMs

  /** @param latest when it's over even so, of `performance.now()`: the deadline of what it is a step of */
  constructor(link: NatsLink, retryForMs: number, signal?: AbortSignal, latest: number = Infinity) {
    this.#link = link
    this.#signal = signal
    this.deadline = Math.min(performance.now() + retryForMs, latest)
  }

  /**
   * Waits before the next try, and for a connection. False: no further try, as the time is over or
   * the store is being closed without a connection.
   * @throws the signal's reason.
   */
  async pause(): Promise<boolean> {
    // Writers that failed together must not come back together.
    const pauseMs = this.#pauseMs * (0.5 + Math.random())
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs)
    await systemClock.sleep(Math.min(pauseMs, this.#leftMs), this.#signal)
    if (this.isOver) return false
    return this.#link.untilConnected(this.#leftMs, this.#signal)
  }

  get isOver(): boolean {
    return this.#leftMs === 0
  }

  get #leftMs(): number {
    return Math.max(0, this.deadline - performance.now())
  }
}
