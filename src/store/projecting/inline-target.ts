import type { LogEntry } from '../commit-log.ts'
import type { LogFilter } from '../reading/log-filter.ts'
import type {
  Progress,
  ProgressChange,
  ProjectionBuild,
  ProjectionTarget,
} from './projection-target.ts'

/** A target that can also write inside the transactions in which an event store stores events. */
export interface InlineTarget<Tx = unknown> extends ProjectionTarget<Tx, void> {
  /**
   * From now on each transaction of the store ends with this step: behind its events, and before it is
   * durable. Where the step throws, nothing of the transaction is stored; the commits that shared it are
   * tried each alone then, so that one harms no others.
   * @returns what ends that
   */
  attach(step: InlineStep<Tx>): Disposable
}

/** What is done inside a transaction of the store. It may not wait. */
export type InlineStep<Tx> = (within: StoreTransaction<Tx>) => void

/** A transaction of the store that is about to end. */
export interface StoreTransaction<Tx> {
  /** The position of the newest event before it. */
  readonly before: number
  /** The position of its own newest event. */
  readonly last: number
  /** As {@link ProjectionTarget.load}. */
  load(build: ProjectionBuild): readonly Progress[]
  /** The log behind a position, with the transaction's own events. Others may be among them. */
  read(after: number, filter: LogFilter): readonly LogEntry[]
  /**
   * As {@link ProjectionTarget.commit}: where `write` throws, nothing of this stays. A promise is refused.
   */
  commit(
    build: ProjectionBuild,
    parts: readonly ProgressChange[],
    write: (tx: Tx) => void | Promise<void>,
  ): readonly Progress[] | undefined
}
