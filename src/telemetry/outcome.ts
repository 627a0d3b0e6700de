import { CommandRejectedError, isAetherError } from '../core/index.ts'

/** What something came to, as a label: one of few. */
export function outcomeOf(error: unknown): string {
  if (error === undefined) return 'done'
  if (error instanceof CommandRejectedError) return 'rejected'
  // What else is thrown to a sender is the reason of their signal.
  return isAetherError(error) ? error.code : 'aborted'
}
