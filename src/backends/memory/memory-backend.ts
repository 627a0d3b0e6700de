import { steadyLogger, systemClock } from '../../core/index.ts'
import {
  type Backend,
  checkRetention,
  ClaimingAgenda,
  CommitLogEventStore,
  describeRetention,
  type Retention,
} from '../../store/index.ts'
import { MemoryClaimTable } from './memory-claim-table.ts'
import { MemoryCommitLog } from './memory-commit-log.ts'
import { MemorySnapshotShelf } from './memory-snapshot-shelf.ts'
import { MemoryTableShelf } from './memory-table-shelf.ts'

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
  const claims = new MemoryClaimTable()
  const tables = new MemoryTableShelf()
  return {
    name: 'memory',
    async openStore(storeOptions = {}) {
      const { clock = systemClock } = storeOptions
      const logger = steadyLogger(storeOptions.logger)
      const agenda = new ClaimingAgenda(claims, { clock, logger })
      return new CommitLogEventStore(log, shelf, storeOptions, { agenda, tables })
    },
    inspect: async () => ({ retention: describeRetention(retention) }),
  }
}
