import { existsSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../core/index.ts'
import { describeRetention } from '../../store/index.ts'
import { retentionIn } from './events/event-trimming.ts'
import { identityIn } from './events/log-identity.ts'
import { schemaVersionOf } from './events/migrate.ts'
import { sqliteFailure } from './file/sqlite-failure.ts'

/**
 * What a file is and how it is kept. Reads only.
 * @throws AetherError `store-unavailable` where there is none; `incompatible-store`
 */
export function inspectFile(file: string): Record<string, string | number> {
  if (!existsSync(file)) throw new AetherError('store-unavailable', `there is no file ${file}`)
  try {
    using db = new DatabaseSync(file, { readOnly: true })
    const schemaVersion = schemaVersionOf(db, file)
    const one = (query: string): number => Number(Object.values(db.prepare(query).get() ?? {})[0])
    return {
      file,
      sqlite: process.versions['sqlite'] ?? 'unknown',
      ...(schemaVersion >= 7 && { log: identityIn(db, file).id }),
      schemaVersion,
      bytes: statSync(file).size,
      writeAheadBytes: statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0,
      retention: describeRetention(retentionIn(db)),
      durability: 'each commit is synced to the disk',
      events: one('SELECT count(*) FROM event'),
      documents: schemaVersion < 5 ? 0 : one('SELECT count(*) FROM document'),
      lastPosition: one('SELECT coalesce(max(position), 0) FROM event'),
    }
  } catch (thrown) {
    throw sqliteFailure(file, thrown)
  }
}
