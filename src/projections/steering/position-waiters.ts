import { type ActorId, AetherError, type Clock } from '../../core/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { longestAlarmMs } from '../reading/bell.ts'

/** How to wait for a position. */
export interface ReachedOptions {
  /** Ends the waiting by throwing the signal's reason. */
  readonly signal?: AbortSignal
  /** How long to wait, in milliseconds; `Infinity` for ever. @default 5,000 */
  readonly timeoutMs?: number
}

/** What has taken effect once a position is reached. */
export interface Reached {
  /**
   * The actors of which an event up to there has not taken effect, as one of them failed: they are parked, or
   * tried again by themselves. Empty as a rule.
   */
  readonly heldBack: readonly ActorId[]
}

/** What is told to those who waited in vain. */
export function tooLateFor(
  { kind, name }: ReaderModel,
  position: number,
  timeoutMs: number,
): AetherError {
  const message = `the ${kind} ${name} did not get to position ${position} within ${timeoutMs} ms`
  return new AetherError('timeout', message)
}

/** What is waited for. */
interface Wait<T> extends ReachedOptions {
  /** What has come true; undefined where nothing has yet. */
  readonly look: () => Promise<T | undefined>
  readonly tooLate: (timeoutMs: number) => Error
}

/** How soon it is looked again, as other members tell nobody, once somebody has begun to wait … */
const firstPollMs = 10
/** … and how seldom in the end: each pause is longer than the one before. */
const longestPollMs = 50

/** Those who wait until something has come true. */
export class PositionWaiters {
  readonly #clock: Clock
  readonly #looks = new Set<() => void>()
  readonly #ends = new Set<(error: Error) => void>()
  #ended: Error | undefined
  /** One for all who wait. */
  #poll: Disposable | undefined
  #pollMs = Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Something may have come true. */
  readonly tell = (): void => {
    for (const look of [...this.#looks]) look()
  }

  /** Nothing will come true any more. */
  end(error: Error): void {
    this.#ended = error
    for (const end of [...this.#ends]) end(error)
  }

  /**
   * Resolves with what has come true; rejects with what `look` throws, the signal's reason, too late, or why it
   * has ended.
   */
  async until<T>({ look, tooLate, signal, timeoutMs = 5_000 }: Wait<T>): Promise<T> {
    signal?.throwIfAborted()
    const first = await look()
    if (first !== undefined) return first
    // Meanwhile nobody listened to them.
    signal?.throwIfAborted()
    if (this.#ended) throw this.#ended
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    let isLooking = false
    let isToldMeanwhile = false
    const lookOnce = (): void => {
      isToldMeanwhile = isLooking
      if (isLooking) return
      isLooking = true
      look().then((found) => {
        isLooking = false
        if (found !== undefined) resolve(found)
        else if (isToldMeanwhile) lookOnce()
      }, reject)
    }
    const onAbort = (): void => reject(signal?.reason as Error)
    signal?.addEventListener('abort', onAbort)
    this.#looks.add(lookOnce)
    this.#ends.add(reject)
    this.#pollEvery(Math.min(this.#pollMs, firstPollMs))
    // Unlike the polls, it keeps the process alive: somebody waits.
    const over = new AbortController()
    const alarm = this.#alarm(timeoutMs, over.signal)
    alarm.then(() => reject(tooLate(timeoutMs))).catch(() => undefined)
    lookOnce()
    try {
      return await promise
    } finally {
      over.abort()
      this.#looks.delete(lookOnce)
      if (this.#looks.size === 0) this.#pollEvery(Infinity)
      this.#ends.delete(reject)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Infinity: not at all, as nobody waits. */
  #pollEvery(ms: number): void {
    if (ms === this.#pollMs) return
    this.#pollMs = ms
    this.#poll?.[Symbol.dispose]()
    this.#poll = ms === Infinity ? undefined : this.#clock.every(ms, () => this.#lookAgain())
  }

  #lookAgain(): void {
    this.#pollEvery(Math.min(this.#pollMs * 1.5, longestPollMs))
    this.tell()
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
