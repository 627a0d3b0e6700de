import { resolve } from 'node:path'
import { AetherError, steadyLogger, systemClock } from '../../core/index.ts'
import { type Backend, ClaimingAgenda, CommitLogEventStore } from '../../store/index.ts'
import { InlineSeat } from './projecting/inline-seat.ts'
import { inspectFile } from './inspect-file.ts'
import { openEventTable } from './events/open-event-table.ts'
import { openClaimTable } from './shelves/sqlite-claim-table.ts'
import { SqliteCommitLog } from './events/sqlite-commit-log.ts'
import { openSnapshotShelf } from './shelves/sqlite-snapshot-shelf.ts'
import { SqliteTableShelf } from './shelves/sqlite-table-shelf.ts'
import { settingsOf, type SqliteOptions } from './events/sqlite-options.ts'

/**
 * Keeps events in one SQLite file, which several processes of one machine may share. What was
 * acknowledged survives a power cut: the file is written ahead and synced before the answer.
 * @throws AetherError `invalid-argument`
 */
export function sqlite(file: string, options: SqliteOptions = {}): Backend {
  checkName(file)
  const settings = settingsOf(options)
  // Absolute, so that neither a later chdir nor SQLite's own reading of names changes the place.
  const path = resolve(file)
  return {
    name: `sqlite:${file}`,
    openStore: async (storeOptions = {}) => {
      const { clock = systemClock } = storeOptions
      const logger = steadyLogger(storeOptions.logger)
      const { lockTimeoutMs } = settings
      const events = await openEventTable(path, settings)
      const log = new SqliteCommitLog(events, settings, logger)
      await using opened = new AsyncDisposableStack()
      opened.defer(() => log.close())
      const shelf = await openSnapshotShelf(path, lockTimeoutMs)
      opened.defer(() => shelf.close())
      const claims = await openClaimTable(path, lockTimeoutMs)
      opened.move()
      const agenda = new ClaimingAgenda(claims, { clock, logger })
      const tables = new SqliteTableShelf(path, lockTimeoutMs)
      const inlineSeat = new InlineSeat(events)
      return new CommitLogEventStore(log, shelf, storeOptions, { agenda, tables, inlineSeat })
    },
    inspect: () => inspectFile(path, settings.lockTimeoutMs),
  }
}

function checkName(file: string): void {
  if (typeof file !== 'string' || file === '' || file.includes('\0'))
    throw invalid(`sqlite() needs the path of a file, not ${JSON.stringify(file)}`)
  if (file === ':memory:')
    throw invalid('sqlite() keeps events in a file; to keep them in memory use memory()')
  if (file.startsWith('file:'))
    throw invalid(`sqlite() needs a plain path, not the URI ${JSON.stringify(file)}`)
}

function invalid(message: string): AetherError {
  return new AetherError('invalid-argument', message)
}
