import type { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../../core/index.ts'
import type { Retention } from '../../../store/index.ts'
import { allowTrimming } from './event-trimming.ts'
import { applicationId, migrations, schemaVersion } from './schema.ts'
import { inTransaction } from '../file/transaction.ts'

/**
 * The version of the tables in the file, 0 where it is empty.
 * @throws AetherError `incompatible-store` where it is neither empty nor one that we can read.
 */
export function schemaVersionOf(db: DatabaseSync, file: string): number {
  if (numberIn(db, 'SELECT count(*) FROM sqlite_schema') === 0) return 0
  if (numberIn(db, 'PRAGMA application_id') !== applicationId)
    throw incompatible(file, 'is the database of another program: choose another file')
  const version = numberIn(db, 'PRAGMA user_version')
  if (version >= 1 && version <= schemaVersion) return version
  throw incompatible(
    file,
    version > schemaVersion
      ? `was made by a newer Aether (schema ${version}, this one knows ${schemaVersion}): upgrade this one`
      : `has the unknown schema ${version} (this Aether knows 1 to ${schemaVersion}): restore it from a backup`,
  )
}

/**
 * Takes all the steps that the file lacks, or none: whatever stops it leaves the file as it was. Only a
 * file that is made by it gets the retention.
 */
export function migrate(db: DatabaseSync, file: string, retention: Retention | undefined): void {
  inTransaction(db, () => {
    // Another process may have been faster, so the version counts that is there now.
    const found = schemaVersionOf(db, file)
    changingTables(db, () => {
      for (const step of migrations.slice(found)) db.exec(step)
    })
    if (found === 0 && retention) allowTrimming(db, retention)
    db.exec(`PRAGMA user_version = ${schemaVersion}`)
  })
}

/** Lets the work write to `sqlite_schema`, which Node forbids since 24.12. */
function changingTables(db: DatabaseSync, work: () => void): void {
  db.enableDefensive?.(false)
  try {
    work()
  } finally {
    db.enableDefensive?.(true)
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
