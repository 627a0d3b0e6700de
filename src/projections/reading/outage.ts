import { isAetherError } from '../../core/index.ts'

/** Then no event is to blame, and the same may be tried again. */
export function isOutage(thrown: unknown): boolean {
  return isAetherError(thrown) && (thrown.code === 'store-unavailable' || thrown.code === 'closed')
}
