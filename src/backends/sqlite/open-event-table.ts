import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { AetherError, messageOf } from '../../core/index.ts'
import { connect } from './connect.ts'
import { EventTable } from './event-table.ts'
import { migrate, schemaVersionOf } from './migrate.ts'
import { retryWhileBusy } from './retry-while-busy.ts'
import { schemaVersion } from './schema.ts'
import { sqliteFailure } from './sqlite-failure.ts'

/** No SQLite file is smaller, but SQLite takes a file of one byte for an empty one. */
const smallestDatabase = 512

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

/** Finds what SQLite would report in riddles, or overwrite. */
async function checkPlace(file: string): Promise<void> {
  const found = await stat(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unreachable(file, cause)
  })
  if (!found) return checkDirectory(file)
  if (found.isDirectory()) throw incompatible(file, 'is a directory: choose a file in it')
  if (!found.isFile()) throw incompatible(file, 'is not a regular file: choose another one')
  if (found.size > 0 && found.size < smallestDatabase)
    throw incompatible(file, 'is not a SQLite database: choose another file')
  await access(file, constants.R_OK | constants.W_OK).catch((cause: NodeJS.ErrnoException) => {
    throw unreachable(file, cause)
  })
}

async function checkDirectory(file: string): Promise<void> {
  const directory = dirname(file)
  await access(directory, constants.W_OK | constants.X_OK).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT') throw unreachable(file, cause)
    throw new AetherError(
      'store-unavailable',
      `${file} cannot be made: its directory does not exist, make ${directory} first`,
      { cause },
    )
  })
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
    throw incompatible(
      file,
      `lies where SQLite cannot write ahead (it answered ${String(mode)}): choose a local disk`,
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

function incompatible(file: string, what: string): AetherError {
  return new AetherError('incompatible-store', `${file} ${what}`)
}

function unreachable(file: string, cause: NodeJS.ErrnoException): AetherError {
  const reason = cause.code ?? messageOf(cause)
  const advice = ['EACCES', 'EPERM', 'EROFS'].includes(reason)
    ? 'give this user write access to it and to its directory'
    : 'choose another path'
  return new AetherError(
    'store-unavailable',
    `${file} cannot be opened for writing (${reason}): ${advice}`,
    { cause },
  )
}
