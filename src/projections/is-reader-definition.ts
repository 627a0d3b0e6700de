import type { PolicyDefinition } from './policies/policy.ts'
import type { ProjectionDefinition } from './projection.ts'
import type { ViewDefinition } from './views/view.ts'

const kinds: ReadonlySet<unknown> = new Set(['aether-view', 'aether-projection', 'aether-policy'])

/** Whether something is a definition made by `view`, `projection` or `policy`: of whoever loads modules. */
export function isReaderDefinition(
  value: unknown,
): value is ViewDefinition | ProjectionDefinition | PolicyDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.has(value.kind)
}
