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
