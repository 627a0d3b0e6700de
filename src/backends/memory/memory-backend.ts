import {
  type Backend,
  checkRetention,
  CommitLogEventStore,
  describeRetention,
  type Retention,
} from '../../store/index.ts'
import { MemoryCommitLog } from './memory-commit-log.ts'
import { MemorySnapshotShelf } from './memory-snapshot-shelf.ts'

/** How to keep events in memory. */
export interface MemoryOptions {
  /** Allows `trim` to remove old events. @default every event is kept */
  readonly retention?: Retention
}

/**
 * Keeps events in this process alone: for tests and trials. Opening the same backend twice shows
 * the same events, so a restart can be tried without a disk.
 * @throws AetherError `invalid-argument`
 */
export function memory(options: MemoryOptions = {}): Backend {
  const retention = options.retention && checkRetention(options.retention)
  const log = new MemoryCommitLog(retention)
  const shelf = new MemorySnapshotShelf()
  return {
    name: 'memory',
    openStore: async (storeOptions) => new CommitLogEventStore(log, shelf, storeOptions),
    inspect: async () => ({ retention: describeRetention(retention) }),
  }
}
