import { inspect } from 'node:util'
import { AetherError } from '../core/index.ts'

/** @throws AetherError `invalid-argument` unless it is a whole number from `least` to `max`. */
export function checkWholeNumber(name: string, value: number, max: number, least = 0): void {
  if (Number.isInteger(value) && value >= least && value <= max) return
  throw new AetherError(
    'invalid-argument',
    `${name} must be a whole number from ${least} to ${max}, not ${inspect(value)}`,
  )
}
