import type { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../../core/index.ts'
import type { Retention } from '../../../store/index.ts'
import { connect } from '../file/connect.ts'
import { EventTable } from './event-table.ts'
import { retentionIn } from './event-trimming.ts'
import { migrate, schemaVersionOf } from './migrate.ts'
import { retryWhileBusy } from '../file/retry-while-busy.ts'
import { schemaVersion } from './schema.ts'
import type { SqliteSettings } from './sqlite-options.ts'
import { sqliteFailure } from '../file/sqlite-failure.ts'
import { checkPlace } from '../file/store-place.ts'
import { writeAhead } from '../file/write-ahead.ts'

/** What opening needs to know. */
export type OpenSettings = Pick<SqliteSettings, 'lockTimeoutMs' | 'retention'>

/**
 * Opens the file for reading and writing, and makes it and its tables where they are missing or of an
 * older Aether; any number of processes may do so at once.
 * @throws AetherError `incompatible-store` where the file is something else, or was made without
 * this retention; `store-unavailable` where it can't be reached or stays locked for `lockTimeoutMs`.
 */
export async function openEventTable(
  file: string,
  { lockTimeoutMs, retention }: OpenSettings,
): Promise<EventTable> {
  await checkPlace(file)
  const db = connect(file)
  try {
    return await retryWhileBusy(() => {
      prepare(db, file, retention)
      return new EventTable(db, file)
    }, lockTimeoutMs)
  } catch (thrown) {
    db.close()
    throw sqliteFailure(file, thrown)
  }
}

/** May be repeated at any point: every step that is done already changes nothing. */
function prepare(db: DatabaseSync, file: string, retention: Retention | undefined): void {
  // A file of somebody else is not touched, so the look comes first.
  const version = schemaVersionOf(db, file)
  writeAhead(db, file, 'FULL')
  if (version < schemaVersion) migrate(db, file, retention)
  checkKept(file, retention, retentionIn(db))
}

/** What a file may forget was promised when it was made. */
function checkKept(
  file: string,
  wanted: Retention | undefined,
  found: Retention | undefined,
): void {
  if (!wanted || wanted.keepForMs === found?.keepForMs) return
  throw new AetherError(
    'incompatible-store',
    `${file} was made ${found ? `with keepForMs ${found.keepForMs}, not ${wanted.keepForMs}` : 'without retention'}, which never changes: export its events, and import them into a new file`,
  )
}
