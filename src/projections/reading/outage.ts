import { isAetherError } from '../../core/index.ts'

/** From how many actors on, whose events fail one after the other, it is not their fault. */
export const outageActors = 10

/** Then no event is to blame, and the same may be tried again. */
export function isOutage(thrown: unknown): boolean {
  return isAetherError(thrown) && (thrown.code === 'store-unavailable' || thrown.code === 'closed')
}
