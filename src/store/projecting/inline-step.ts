import type { LogEntry } from '../commit-log.ts'
import type { LogFilter } from '../reading/log-filter.ts'
import type { Progress, ProgressChange, ProjectionBuild } from './progress.ts'

/** What is done inside a transaction of the store. It may not wait. */
export type InlineStep<Tx> = (within: StoreTransaction<Tx>) => void

/** A transaction of the store that is about to end. */
export interface StoreTransaction<Tx> {
  /** The position of the newest event before it. */
  readonly before: number
  /** The position of its own newest event. */
  readonly last: number
  /** As `ProjectionTarget.load`. */
  load(build: ProjectionBuild): readonly Progress[]
  /** The log behind a position, with the transaction's own events. Others may be among them. */
  read(after: number, filter: LogFilter): readonly LogEntry[]
  /**
   * As `ProjectionTarget.commit`: where `write` throws, nothing of this stays. A promise is refused.
   */
  commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: Tx) => void | Promise<void>,
  ): readonly Progress[] | undefined
}
