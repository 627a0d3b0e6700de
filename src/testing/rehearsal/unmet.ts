import { AssertionError } from 'node:assert/strict'

interface Unmet {
  readonly expected: unknown
  readonly actual: unknown
  readonly cause?: unknown
}

/**
 * What a test throws where an expectation isn't met: an error that every test runner knows, with
 * `expected` and `actual`.
 */
export function unmet(message: string, { expected, actual, cause }: Unmet): AssertionError {
  const error = new AssertionError({ message, expected, actual, operator: 'then' })
  return cause === undefined ? error : Object.assign(error, { cause })
}
