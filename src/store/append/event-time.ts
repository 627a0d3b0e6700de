import { AetherError } from '../../core/index.ts'

/** Whether it is a time as a store writes it: ISO 8601, UTC, milliseconds. */
export function isTime(time: string): boolean {
  if (typeof time !== 'string' || !/^\d{4}-.{18}Z$/.test(time)) return false
  const ms = Date.parse(time)
  return !Number.isNaN(ms) && new Date(ms).toISOString() === time
}

/**
 * Only the form that the store itself writes: others would come back as something else.
 * @throws AetherError `invalid-argument`
 */
export function checkTime(time: string): void {
  if (isTime(time)) return
  throw new AetherError(
    'invalid-argument',
    `the time of an event must be like 2026-11-21T20:00:00.000Z, not ${JSON.stringify(time)}`,
  )
}
