import type { DatabaseSync } from 'node:sqlite'

/**
 * Keeps all that the work does to the file, or, where it throws, nothing of it. The writer's lock is
 * taken at once, so what the work reads stays true until the end.
 *
 * @param notCommitted what to throw where the COMMIT fails. @default what SQLite threw
 */
export function inTransaction<T>(
  db: DatabaseSync,
  work: () => T,
  notCommitted: (thrown: unknown) => unknown = (thrown) => thrown,
): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    commit(db, notCommitted)
    return result
  } catch (thrown) {
    rollBack(db)
    throw thrown
  }
}

/** All that is looked at is of one moment, whatever other connections write meanwhile. */
export function inOneMoment<T>(db: DatabaseSync, look: () => T): T {
  db.exec('BEGIN')
  try {
    return look()
  } finally {
    rollBack(db)
  }
}

function commit(db: DatabaseSync, notCommitted: (thrown: unknown) => unknown): void {
  try {
    db.exec('COMMIT')
  } catch (thrown) {
    throw notCommitted(thrown)
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
