import type { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../core/index.ts'
import { connect } from './connect.ts'
import { EventTable } from './event-table.ts'
import { migrate, schemaVersionOf } from './migrate.ts'
import { retryWhileBusy } from './retry-while-busy.ts'
import { schemaVersion } from './schema.ts'
import { sqliteFailure } from './sqlite-failure.ts'
import { checkPlace } from './store-place.ts'

/**
 * Opens the file for reading and writing, and makes it and its tables where they are missing or of an
 * older Aether; any number of processes may do so at once.
 * @throws AetherError `incompatible-store` where the file is something else; `store-unavailable`
 * where it can't be reached or stays locked for `lockTimeoutMs`.
 */
export async function openEventTable(file: string, lockTimeoutMs: number): Promise<EventTable> {
  await checkPlace(file)
  const db = connect(file)
  try {
    return await retryWhileBusy(() => {
      prepare(db, file)
      return new EventTable(db, file)
    }, lockTimeoutMs)
  } catch (thrown) {
    db.close()
    throw sqliteFailure(file, thrown)
  }
}

/** May be repeated at any point: every step that is done already changes nothing. */
function prepare(db: DatabaseSync, file: string): void {
  // A file of somebody else is not touched, so the look comes first.
  const version = schemaVersionOf(db, file)
  writeAhead(db, file)
  if (version < schemaVersion) migrate(db, file)
}

function writeAhead(db: DatabaseSync, file: string): void {
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal') {
    throw new AetherError(
      'incompatible-store',
      `${file} lies where SQLite cannot write ahead (it answered ${String(mode)}): choose a local disk`,
    )
  }
  // FULL syncs each commit; fullfsync makes macOS do so down to the disk. Many writers change the
  // same pages of the index again and again: a larger cache (KB) and rarer checkpoints (pages)
  // store them less often.
  db.exec(`
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA cache_size = -16000;
    PRAGMA wal_autocheckpoint = 4000;
  `)
}
