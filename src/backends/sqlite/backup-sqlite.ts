import { randomUUID } from 'node:crypto'
import { link, lstat, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { backup, type DatabaseSync } from 'node:sqlite'
import { AetherError, isAetherError, messageOf } from '../../core/index.ts'
import { connect } from './file/connect.ts'
import { schemaVersionOf } from './events/migrate.ts'
import { retryWhileBusy } from './file/retry-while-busy.ts'
import { sqliteFailure } from './file/sqlite-failure.ts'
import { checkPlace } from './file/store-place.ts'
import { isOfTables } from './projecting/projection-schema.ts'

/** Settings of {@link backupSqlite}. */
export interface BackupOptions {
  /** Told now and then how much is copied, of how much: in pages of the file. @default nobody */
  readonly onProgress?: (done: number, total: number) => void
  /** Ends it by throwing the signal's reason, and leaves nothing of the copy. */
  readonly signal?: AbortSignal
}

/** How long a lock of another process is waited for. */
const lockTimeoutMs = 10_000
/** How much is copied at once, in pages: some 4 MB. */
const pagesPerStep = 1_000

/**
 * Copies the store in a SQLite file into another file, which is a store as well; or a file of `sqliteTables`. Others
 * may go on writing meanwhile: the copy has everything that was acknowledged before the call, and is what the
 * file was at one moment. The name is given to it once it is complete and on disk.
 * @throws AetherError `invalid-argument` where there is something at the destination already;
 * `incompatible-store`, `store-unavailable`; the signal's reason
 */
export async function backupSqlite(
  file: string,
  destination: string,
  options: BackupOptions = {},
): Promise<void> {
  options.signal?.throwIfAborted()
  const [source, target] = [resolve(file), resolve(destination)]
  await checkSource(source)
  await checkTarget(target)
  // Beside its final place, so that it can be given that name without being copied again.
  const partial = `${target}.partial-${randomUUID()}`
  const db = await openAsItIsNow(source, options.signal)
  try {
    await copy(db, partial, options)
    options.signal?.throwIfAborted()
    await giveName(partial, target)
  } catch (thrown) {
    throw unwritten(target, thrown)
  } finally {
    db.close()
    for (const path of filesOf(partial)) await rm(path, { force: true })
  }
}

async function checkSource(source: string): Promise<void> {
  const found = await stat(source).catch(() => undefined)
  if (found) return checkPlace(source)
  throw new AetherError('store-unavailable', `${source} cannot be backed up: there is no such file`)
}

async function checkTarget(target: string): Promise<void> {
  // SQLite would take what is left of another database for the end of this one.
  for (const path of filesOf(target)) if (await exists(path)) throw taken(path)
  await checkPlace(target)
}

/** A database, and what may lie beside it. */
function filesOf(path: string): readonly string[] {
  return ['', '-journal', '-wal', '-shm'].map((end) => path + end)
}

/**
 * A connection that sees the file as it is now, whatever others write. Without that, the copy would
 * begin anew with each of their writes, and perhaps never end.
 */
async function openAsItIsNow(
  source: string,
  signal: AbortSignal | undefined,
): Promise<DatabaseSync> {
  const db = connect(source)
  try {
    await retryWhileBusy(() => {
      signal?.throwIfAborted()
      if (!isOfTables(db) && schemaVersionOf(db, source) === 0)
        throw new AetherError(
          'incompatible-store',
          `${source} is empty: there is nothing to back up`,
        )
      if (!db.isTransaction) db.exec('BEGIN')
      db.exec('SELECT count(*) FROM sqlite_schema')
    }, lockTimeoutMs)
    return db
  } catch (thrown) {
    db.close()
    throw sqliteFailure(source, thrown)
  }
}

async function copy(
  db: DatabaseSync,
  partial: string,
  { onProgress, signal }: BackupOptions,
): Promise<void> {
  const pages = await backup(db, partial, {
    rate: pagesPerStep,
    progress: ({ totalPages, remainingPages }) => {
      signal?.throwIfAborted()
      onProgress?.(totalPages - remainingPages, totalPages)
    },
  })
  await sync(partial, 'r+')
  onProgress?.(pages, pages)
}

/** Fails where somebody has taken the name meanwhile, which a mere rename would not. */
async function giveName(partial: string, target: string): Promise<void> {
  try {
    await link(partial, target)
  } catch {
    // Some file systems, such as those of USB sticks, know no second name of a file.
    if (await exists(target)) throw taken(target)
    await rename(partial, target)
  }
  // Windows has no such thing; elsewhere a power cut may take the name without it.
  if (process.platform !== 'win32') await sync(dirname(target), 'r')
}

async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  await using handle = await open(path, flags)
  await handle.sync()
}

async function exists(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  return found !== undefined
}

function taken(path: string): AetherError {
  return new AetherError(
    'invalid-argument',
    `${path} exists already, and a backup overwrites nothing: choose another name`,
  )
}

/** What goes wrong while copying is the fault of where it goes: the source was read before. */
function unwritten(target: string, thrown: unknown): unknown {
  const failure = sqliteFailure(target, thrown)
  if (isAetherError(failure) || !(thrown instanceof Error) || !('syscall' in thrown)) return failure
  return new AetherError(
    'store-unavailable',
    `${target} cannot be written (${messageOf(thrown)}): check its disk, or choose another place`,
    { cause: thrown },
  )
}
