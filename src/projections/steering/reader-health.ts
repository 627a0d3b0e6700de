import type { ReaderKind } from '../definition/reader-model.ts'
import type { ProjectionStatus } from './projection-status.ts'

/** Whether a reader works on this node, as it knows by itself: no store is asked. */
export interface ReaderHealth {
  readonly kind: ReaderKind
  readonly name: string
  readonly state: ProjectionStatus['state']
  /** Why it can't go on, where it has failed, or what it waits for, where it is stuck. */
  readonly error: unknown
}
