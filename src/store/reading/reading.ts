import { AetherError, type StoredEvent } from '../../core/index.ts'

/**
 * What a read does about an event that can't be read: `'stop'` throws it, which ends the read;
 * `'skip'` leaves it out.
 */
export type OnMalformed = 'stop' | 'skip'

const malformedPolicies = ['stop', 'skip', 'collect'] as const

/** What the reader of a log asked for, checked. */
export interface Reading {
  readonly limit: number
  readonly onMalformed: OnMalformed | 'collect'
  readonly signal: AbortSignal | undefined
  /** What is not to be given. @default nothing */
  readonly passes?: (event: StoredEvent) => boolean
}

/** @throws AetherError `invalid-argument` */
export function readingOf(options: {
  readonly limit?: number
  readonly onMalformed?: OnMalformed | 'collect'
  readonly signal?: AbortSignal
}): Reading {
  return {
    limit: wholeNumber('limit', options.limit ?? Infinity, 0),
    onMalformed: oneOf('onMalformed', options.onMalformed ?? 'stop', malformedPolicies),
    signal: options.signal,
  }
}

/**
 * A whole number from `least` on, or infinity.
 * @throws AetherError `invalid-argument`
 */
export function wholeNumber(name: string, value: number, least: number): number {
  if ((Number.isSafeInteger(value) || value === Infinity) && value >= least) return value
  throw new AetherError(
    'invalid-argument',
    `${name} must be a whole number from ${least}, not ${String(value)}`,
  )
}

/** @throws AetherError `invalid-argument` */
export function oneOf<T extends string>(name: string, value: T, known: readonly T[]): T {
  if (known.includes(value)) return value
  throw new AetherError(
    'invalid-argument',
    `${name} must be ${known.join(' or ')}, not ${String(value)}`,
  )
}
