// The global of this name is looked for anew each time.
import { performance } from 'node:perf_hooks'

/** Where time comes from, so that a test can own it. */
export interface Clock {
  /** Milliseconds since 1970, UTC: for the times of events. */
  now(): number
  /** Milliseconds since some moment; never set back, so the difference of two is a duration. */
  monotonic(): number
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls the task every `ms` milliseconds until it is disposed of; keeps no process alive. */
  every(ms: number, task: () => void): Disposable
}

/** The clock and the timers of this machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason as Error)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, ms)
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
  every: (ms, task) => {
    const timer = setInterval(task, ms).unref()
    return { [Symbol.dispose]: () => clearInterval(timer) }
  },
}
