import type { DatabaseSync } from 'node:sqlite'

/**
 * Keeps all that the work does to the file, or, where it throws, nothing of it. The writer's lock is
 * taken at once, so what the work reads stays true until the end.
 */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (thrown) {
    rollBack(db)
    throw thrown
  }
}

/** Never throws: why it came to this is known from another error. */
export function rollBack(db: DatabaseSync): void {
  // After some errors SQLite has done so already.
  if (!db.isTransaction) return
  try {
    db.exec('ROLLBACK')
  } catch {
    // The transaction has ended all the same.
  }
}
