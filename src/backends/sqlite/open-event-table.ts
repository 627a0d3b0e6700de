import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AetherError, messageOf } from '../../core/index.ts'
import { EventTable } from './event-table.ts'
import { retryWhileBusy } from './retry-while-busy.ts'
import { applicationId, createSchema, schemaVersion } from './schema.ts'
import { sqliteFailure } from './sqlite-failure.ts'

/** No SQLite file is smaller, but SQLite takes a file of one byte for an empty one. */
const smallestDatabase = 512

/**
 * Opens the file for reading and writing, and makes it and its table where they are missing; any
 * number of processes may do so at once.
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

function connect(file: string): DatabaseSync {
  try {
    // No timeout: while SQLite waits for a lock itself, the event loop stands still.
    return new DatabaseSync(file, { timeout: 0 })
  } catch (thrown) {
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
  const isNew = isEmpty(db, file)
  writeAhead(db, file)
  if (isNew) makeTable(db, file)
}

/** @throws AetherError `incompatible-store` where it is neither empty nor ours. */
function isEmpty(db: DatabaseSync, file: string): boolean {
  if (numberIn(db, 'SELECT count(*) FROM sqlite_schema') === 0) return true
  if (numberIn(db, 'PRAGMA application_id') !== applicationId)
    throw incompatible(file, 'is the database of another program: choose another file')
  const version = numberIn(db, 'PRAGMA user_version')
  if (version === schemaVersion) return false
  throw incompatible(
    file,
    version > schemaVersion
      ? `was made by a newer Aether (schema ${version}, this one knows ${schemaVersion}): upgrade this one`
      : `has the unknown schema ${version} (this Aether knows ${schemaVersion}): restore it from a backup`,
  )
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

function makeTable(db: DatabaseSync, file: string): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have been faster.
    if (isEmpty(db, file)) db.exec(createSchema)
    db.exec('COMMIT')
  } catch (thrown) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw thrown
  }
}

function numberIn(db: DatabaseSync, query: string): number {
  const statement = db.prepare(query)
  statement.setReturnArrays(true)
  const [value] = (statement.get() ?? []) as unknown as readonly number[]
  return value ?? 0
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
