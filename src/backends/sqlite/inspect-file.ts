import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../core/index.ts'
import { describeRetention } from '../../store/index.ts'
import { retentionIn } from './events/event-trimming.ts'
import { identityIn } from './events/log-identity.ts'
import { schemaVersionOf } from './events/migrate.ts'
import { beside } from './file/beside.ts'
import { retryWhileBusy } from './file/retry-while-busy.ts'
import { sqliteFailure } from './file/sqlite-failure.ts'
import { checkFile } from './file/store-place.ts'

type Facts = Record<string, string | number>

/**
 * What a file is and how it is kept. Reads only.
 * @throws AetherError `store-unavailable` where there is none, or where it stays locked; `incompatible-store`
 */
export async function inspectFile(file: string, lockTimeoutMs: number): Promise<Facts> {
  await checkFile(file)
  try {
    return await retryWhileBusy(() => factsOf(file), lockTimeoutMs)
  } catch (thrown) {
    throw sqliteFailure(file, thrown)
  }
}

function factsOf(file: string): Facts {
  using db = new DatabaseSync(file, { readOnly: true, timeout: 0 })
  const schemaVersion = schemaVersionOf(db, file)
  if (schemaVersion === 0)
    throw new AetherError('store-unavailable', `${file} is empty: no store was made in it yet`)
  const one = (query: string): number => Number(Object.values(db.prepare(query).get() ?? {})[0])
  return {
    file,
    sqlite: process.versions['sqlite'] ?? 'unknown',
    ...(schemaVersion >= 7 && { log: identityIn(db, file).id }),
    schemaVersion,
    bytes: statSync(file).size,
    writeAheadBytes: statSync(beside(file).wal, { throwIfNoEntry: false })?.size ?? 0,
    retention: describeRetention(retentionIn(db)),
    durability: 'each commit is synced to the disk',
    events: one('SELECT count(*) FROM event'),
    documents: schemaVersion < 5 ? 0 : one('SELECT count(*) FROM document'),
    lastPosition: one('SELECT coalesce(max(position), 0) FROM event'),
  }
}
