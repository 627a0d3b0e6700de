import { AetherError } from '../../core/index.ts'

/**
 * Permission to remove old events, which a store has from the beginning or never: `trim` removes them,
 * nothing does by itself.
 */
export interface Retention {
  /** How long each event is kept at least, in milliseconds by its time; 0: as long as the caller likes. */
  readonly keepForMs: number
}

/** A thousand years: times that can be written down. */
const mostMs = 31_557_600_000_000

/** @throws AetherError `invalid-argument` */
export function checkRetention({ keepForMs }: Retention): Retention {
  if (Number.isSafeInteger(keepForMs) && keepForMs >= 0 && keepForMs <= mostMs) return { keepForMs }
  throw new AetherError(
    'invalid-argument',
    `keepForMs of a retention must be a whole number of milliseconds from 0 to a thousand years, not ${String(keepForMs)}`,
  )
}

/** What a store keeps, for people. */
export function describeRetention(retention: Retention | undefined): string {
  if (!retention) return 'every event is kept'
  return `events older than ${retention.keepForMs} ms may be removed`
}
