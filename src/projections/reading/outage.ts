import { type ErrorCode, isAetherError } from '../../core/index.ts'

const outageCodes: ReadonlySet<ErrorCode> = new Set([
  ...(['store-unavailable', 'not-permitted', 'closed'] as const),
])

/** Then no event is to blame, and the same may be tried again. */
export function isOutage(thrown: unknown): boolean {
  return isAetherError(thrown) && outageCodes.has(thrown.code)
}
