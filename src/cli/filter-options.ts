import type { LogFilter } from '../store/index.ts'
import { given, wholeNumber } from './command-line.ts'

/** The options by which events of the log are chosen. */
export const filterOptions = {
  after: { type: 'string' },
  limit: { type: 'string' },
  type: { type: 'string', multiple: true },
  'actor-type': { type: 'string', multiple: true },
  key: { type: 'string' },
} as const

interface FilterValues {
  readonly after?: string | undefined
  readonly limit?: string | undefined
  readonly type?: readonly string[] | undefined
  readonly 'actor-type'?: readonly string[] | undefined
  readonly key?: string | undefined
}

/** @throws UsageError */
export function filterOf(values: FilterValues): LogFilter {
  return given({ eventTypes: values.type, actorTypes: values['actor-type'], key: values.key })
}

/** @throws UsageError */
export function rangeOf(values: FilterValues): {
  readonly after?: number
  readonly limit?: number
  readonly filter: LogFilter
} {
  const after = wholeNumber('after', values.after)
  const limit = wholeNumber('limit', values.limit)
  return { ...given({ after, limit }), filter: filterOf(values) }
}
