import { AetherError } from '../core/index.ts'

/** The parts of a request target, decoded: nothing is normalised. */
export interface Target {
  readonly segments: readonly string[]
  readonly query: URLSearchParams
}

/** @throws AetherError `invalid-argument` for percent-encoding that is not UTF-8 */
export function parseTarget(target: string): Target {
  const mark = target.indexOf('?')
  const path = mark < 0 ? target : target.slice(0, mark)
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1))
  return { segments: path.split('/').slice(1).map(decodeSegment), query }
}

/**
 * A whole number of the query.
 * @throws AetherError `invalid-argument`
 */
export function wholeNumberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  throw new AetherError(
    'invalid-argument',
    `${name} must be a whole number from 0, not ${JSON.stringify(text)}`,
  )
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (cause) {
    throw new AetherError(
      'invalid-argument',
      `${JSON.stringify(segment)} is not percent-encoded UTF-8`,
      { cause },
    )
  }
}
