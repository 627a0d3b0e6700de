import { inspect } from 'node:util'
import { AetherError } from '../core/index.ts'

/** @throws AetherError `invalid-argument` unless it is a whole number from 0 to `max`. */
export function checkWholeNumber(name: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= max) return
  throw new AetherError(
    'invalid-argument',
    `${name} must be a whole number from 0 to ${max}, not ${inspect(value)}`,
  )
}
