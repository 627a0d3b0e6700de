import type { Clock } from '../core/index.ts'

/**
 * What is asked for, or that it took too long; then nobody waits for it any more.
 * @throws Error after so many milliseconds
 */
export async function limitedWait<T>(
  clock: Clock,
  ms: number,
  ask: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const { signal } = over
  const tooLate = clock.sleep(ms, signal).then(() => {
    throw new Error(`it did not answer within ${ms} ms`)
  })
  try {
    return await Promise.race([ask(signal), tooLate])
  } finally {
    over.abort()
  }
}

/**
 * Whether it ended within so many milliseconds. Nobody hears of what comes of it later.
 * @throws what it rejects with in time
 */
export async function isInTime(clock: Clock, ms: number, ending: Promise<void>): Promise<boolean> {
  const over = new AbortController()
  const tooLate = clock.sleep(ms, over.signal).then(
    () => false,
    () => false,
  )
  try {
    return await Promise.race([ending.then(() => true), tooLate])
  } finally {
    over.abort()
  }
}
