import type { ConformanceCase } from '../conformance-case.ts'
import { buildCases } from './build-cases.ts'
import { commitCases } from './commit-cases.ts'
import type { ProjectionTargetSubject } from './subject.ts'

/**
 * What every target of projections promises. Give each case an empty place of its own:
 *
 * ```ts
 * for (const { name, run } of projectionTargetConformance)
 *   test(name, () => run({ open: …, write: …, read: … }))
 * ```
 */
export const projectionTargetConformance: readonly ConformanceCase<ProjectionTargetSubject>[] = [
  ...commitCases,
  ...buildCases,
]
