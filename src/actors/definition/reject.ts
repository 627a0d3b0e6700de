const brand = Symbol.for('aether.rejection')

/** A decision of the domain not to do what was asked. */
export interface Rejection {
  readonly [brand]: true
  readonly code: string
  readonly details: unknown
}

/**
 * Refuses a command, for a reason the sender can act on: the caller gets a `CommandRejectedError`
 * with this code and these details, and nothing is stored.
 */
export function reject(code: string, details?: unknown): Rejection {
  return { [brand]: true, code, details }
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && brand in value
}
