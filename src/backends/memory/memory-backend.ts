import { type Backend, CommitLogEventStore } from '../../store/index.ts'
import { MemoryCommitLog } from './memory-commit-log.ts'
import { MemorySnapshotShelf } from './memory-snapshot-shelf.ts'

/**
 * Keeps events in this process alone: for tests and trials. Opening the same backend twice shows
 * the same events, so a restart can be tried without a disk.
 */
export function memory(): Backend {
  const log = new MemoryCommitLog()
  const shelf = new MemorySnapshotShelf()
  return {
    name: 'memory',
    openStore: async (options) => new CommitLogEventStore(log, shelf, options),
  }
}
