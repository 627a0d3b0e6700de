import { DatabaseSync } from 'node:sqlite'
import { sqliteFailure } from './sqlite-failure.ts'

/** @throws AetherError `incompatible-store`, `store-unavailable` */
export function connect(file: string): DatabaseSync {
  try {
    // No timeout: while SQLite waits for a lock itself, the event loop stands still.
    return new DatabaseSync(file, { timeout: 0 })
  } catch (thrown) {
    throw sqliteFailure(file, thrown)
  }
}
