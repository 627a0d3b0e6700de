import type { Clock } from '../../core/index.ts'
import { longestAlarmMs } from '../reading/bell.ts'

/** How to wait for a position. */
export interface ReachedOptions {
  /** Ends the waiting by throwing the signal's reason. */
  readonly signal?: AbortSignal
  /** How long to wait, in milliseconds; `Infinity` for ever. @default 5,000 */
  readonly timeoutMs?: number
}

/** What is waited for. */
interface Wait extends ReachedOptions {
  /** Whether it has come true. */
  readonly look: () => Promise<boolean>
  readonly tooLate: (timeoutMs: number) => Error
}

/** How often it is looked, as other members tell nobody. */
const pollMs = 50

/** Those who wait until something has come true. */
export class PositionWaiters {
  readonly #clock: Clock
  readonly #looks = new Set<() => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something may have come true. */
  readonly tell = (): void => {
    for (const look of [...this.#looks]) look()
  }

  /** Resolves when it has come true; rejects with what `look` throws, the signal's reason, or too late. */
  async until({ look, tooLate, signal, timeoutMs = 5_000 }: Wait): Promise<void> {
    signal?.throwIfAborted()
    if (await look()) return
    // Meanwhile nobody listened to it.
    signal?.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    let isLooking = false
    const lookOnce = (): void => {
      if (isLooking) return
      isLooking = true
      look().then((isTrue) => {
        isLooking = false
        if (isTrue) resolve()
      }, reject)
    }
    const onAbort = (): void => reject(signal?.reason as Error)
    signal?.addEventListener('abort', onAbort)
    this.#looks.add(lookOnce)
    using _poll = this.#clock.every(pollMs, lookOnce)
    // Unlike the polls, it keeps the process alive: somebody waits.
    const over = new AbortController()
    const alarm = this.#alarm(timeoutMs, over.signal)
    alarm.then(() => reject(tooLate(timeoutMs))).catch(() => undefined)
    lookOnce()
    try {
      await promise
    } finally {
      over.abort()
      this.#looks.delete(lookOnce)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Resolves after so many milliseconds, however many those are. */
  async #alarm(ms: number, signal: AbortSignal): Promise<void> {
    let leftMs = ms
    do {
      await this.#clock.sleep(Math.min(leftMs, longestAlarmMs), signal)
      leftMs -= longestAlarmMs
    } while (leftMs > 0)
  }
}
