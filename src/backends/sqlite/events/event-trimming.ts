import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Retention } from '../../../store/index.ts'
import { inTransaction } from '../file/transaction.ts'

/** So that one transaction doesn't hold the event loop for long. */
const maxEventsPerTransaction = 1_000

/** Allows old events of this file to be removed, which it must have none of yet. */
export function allowTrimming(db: DatabaseSync, { keepForMs }: Retention): void {
  db.prepare('INSERT INTO retention (only_row, keep_for_ms) VALUES (1, ?)').run(keepForMs)
}

/** What the file was made with, also one of an older Aether. */
export function retentionIn(db: DatabaseSync): Retention | undefined {
  const table = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'retention'`).get()
  const row = table && db.prepare('SELECT keep_for_ms FROM retention').get()
  return row && { keepForMs: Number(row['keep_for_ms']) }
}

/** Removes old events from a file that allows it; which ones may go, its triggers decide: schema.ts. */
export class EventTrimming {
  readonly keepForMs: number
  readonly #db: DatabaseSync
  readonly #lastToGo: StatementSync
  readonly #remove: StatementSync
  readonly #trimmedVersion: StatementSync

  constructor(db: DatabaseSync, { keepForMs }: Retention) {
    this.keepForMs = keepForMs
    this.#db = db
    this.#lastToGo = db.prepare(`
      SELECT max(version) AS version FROM (
        SELECT version FROM event WHERE actor = $actor AND version <= $toVersion
          AND version < (SELECT max(version) FROM event WHERE actor = $actor)
        ORDER BY version LIMIT ${maxEventsPerTransaction}
      )`)
    this.#remove = db.prepare('DELETE FROM event WHERE actor = ? AND version <= ?')
    this.#trimmedVersion = db.prepare(`
      SELECT min(version) - 1 AS version FROM event
      WHERE actor = $actor AND EXISTS (SELECT 1 FROM trimmed WHERE actor = $actor)`)
  }

  /**
   * Removes the oldest events of an actor up to a version, but never its newest: as many as one
   * transaction takes. 0: there are none.
   */
  removeSome(actor: string, toVersion: number): number {
    return inTransaction(this.#db, () => {
      const last = this.#lastToGo.get({ actor, toVersion })?.['version']
      return typeof last === 'number' ? Number(this.#remove.run(actor, last).changes) : 0
    })
  }

  trimmedVersion(actor: string): number {
    return Number(this.#trimmedVersion.get({ actor })?.['version'] ?? 0)
  }
}
