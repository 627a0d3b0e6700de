const brand = Symbol.for('aether.rejection')

/** A decision of the domain not to do what was asked. */
export interface Rejection<Code extends string = string, Details = unknown> {
  readonly [brand]: true
  readonly code: Code
  readonly details: Details
}

/**
 * Refuses a command, for a reason the sender can act on: the caller gets a `CommandRejectedError`
 * with this code and these details, and nothing is stored. The compiler knows them by its definition: see
 * `isRejected`.
 */
export function reject<const Code extends string>(code: Code): Rejection<Code, undefined>
export function reject<const Code extends string, Details>(
  code: Code,
  details: Details,
): Rejection<Code, Details>
export function reject(code: string, details?: unknown): Rejection {
  return { [brand]: true, code, details }
}

export function isRejection(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && brand in value
}
