import { setTimeout as sleep } from 'node:timers/promises'
import { isBusy } from './sqlite-failure.ts'

const longestPauseMs = 4

/**
 * How long to leave a lock alone after having met it `times` times. Random, so that processes that
 * wait for each other don't come back together; short, as transactions are.
 */
export function pauseMs(times: number): number {
  return Math.random() * Math.min(2 ** times, longestPauseMs)
}

/**
 * Tries again while another process holds the lock, leaving the event loop free in between. The
 * time is the real one and not an injected clock's: other processes live in it.
 * @throws the last refusal of SQLite once `timeoutMs` have passed.
 */
export async function retryWhileBusy<T>(attempt: () => T, timeoutMs: number): Promise<T> {
  const start = performance.now()
  for (let times = 1; ; times++) {
    try {
      return attempt()
    } catch (thrown) {
      if (!isBusy(thrown) || performance.now() - start >= timeoutMs) throw thrown
    }
    await sleep(pauseMs(times))
  }
}
