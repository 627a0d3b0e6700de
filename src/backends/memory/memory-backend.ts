import { processLogger, systemClock } from '../../core/index.ts'
import { type Backend, ClaimingAgenda, CommitLogEventStore } from '../../store/index.ts'
import { MemoryClaimTable } from './memory-claim-table.ts'
import { MemoryCommitLog } from './memory-commit-log.ts'
import { MemorySnapshotShelf } from './memory-snapshot-shelf.ts'

/**
 * Keeps events in this process alone: for tests and trials. Opening the same backend twice shows
 * the same events, so a restart can be tried without a disk.
 */
export function memory(): Backend {
  const log = new MemoryCommitLog()
  const shelf = new MemorySnapshotShelf()
  const table = new MemoryClaimTable()
  return {
    name: 'memory',
    async openStore(options = {}) {
      const { clock = systemClock, logger = processLogger } = options
      const agenda = new ClaimingAgenda(table, { clock, logger })
      return new CommitLogEventStore(log, shelf, options, agenda)
    },
  }
}
