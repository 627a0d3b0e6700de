import { AetherError } from '../../core/index.ts'

/** How a reader of the log goes about failures and batches. */
export interface ReaderOptions {
  /** How often an actor whose event failed is tried again by itself, before it is parked. @default 5 */
  readonly retries?: number
  /** How long the first of these pauses is, in milliseconds; each is twice the one before. @default 200 */
  readonly retryMs?: number
  /** How many actors of a part may be held back before the reader stops. @default 1,000 */
  readonly maxParked?: number
  /** How many events are handled and stored at once, at most. @default 1,000 */
  readonly batchEvents?: number
  /**
   * Over how many parts the actors are spread, for members to share: fixed for a version. Events of several
   * actors have no order among each other; with one part views and projections handle them in that of the log, but
   * of actors that are held back. @default 8
   */
  readonly parts?: number
}

/** The longest pause before a retry. */
export const longestPauseMs = 30_000

/** @throws AetherError `invalid-definition` */
export function completeOptions(what: string, options: ReaderOptions): Required<ReaderOptions> {
  const { retries = 5, retryMs = 200, maxParked = 1_000, batchEvents = 1_000, parts = 8 } = options
  const complete = { retries, retryMs, maxParked, batchEvents, parts }
  const leastOf = { retries: 0, retryMs: 1, maxParked: 1, batchEvents: 1, parts: 1 }
  for (const [name, least] of Object.entries(leastOf)) {
    const value = complete[name as keyof ReaderOptions]
    if (Number.isSafeInteger(value) && value >= least) continue
    const message = `${what}: ${name} must be a whole number from ${least}, not ${String(value)}`
    throw new AetherError('invalid-definition', message)
  }
  return complete
}

/** How long to wait after so many failures in a row. */
export function pauseAfter(failures: number, firstMs: number): number {
  return Math.min(longestPauseMs, firstMs * 2 ** Math.min(failures - 1, 30))
}
