import type { PolicyDefinition } from './policy.ts'
import type { ProjectionDefinition } from './projection.ts'
import type { ReaderModel } from './reader-model.ts'
import type { ViewDefinition } from './view.ts'

/** A reader of the log that a node can run: a view, a projection or a policy. */
export interface ReaderDefinition {
  readonly name: string
  readonly version: number
  readonly model: ReaderModel
}

const kinds: ReadonlySet<unknown> = new Set(['aether-view', 'aether-projection', 'aether-policy'])

/** Whether something is a definition made by `view`, `projection` or `policy`: of whoever loads modules. */
export function isReaderDefinition(
  value: unknown,
): value is ViewDefinition | ProjectionDefinition | PolicyDefinition {
  return typeof value === 'object' && value !== null && 'kind' in value && kinds.has(value.kind)
}
