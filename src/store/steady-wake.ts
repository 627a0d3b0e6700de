import { type Logger, messageOf } from '../core/index.ts'

/**
 * Wakes whoever watches, and goes on whatever that throws, at once or later: it is called on the way of what was
 * stored, by whoever stored it, and others wait to be woken as well.
 */
export function steadyWake(wake: () => void, what: string, logger: Logger): () => void {
  const report = (thrown: unknown): void =>
    logger.error({ error: messageOf(thrown) }, `who watches ${what} failed when woken`)
  return () => {
    try {
      const returned: unknown = wake()
      // The type lets async functions through.
      if (returned instanceof Promise) returned.catch(report)
    } catch (thrown) {
      report(thrown)
    }
  }
}
