import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type ActorId, AetherError, encodeKey } from '../../../core/index.ts'
import type { Replaces, ShelfOffer, SnapshotShelf } from '../../../store/index.ts'
import { connect } from '../file/connect.ts'
import { KeptFile } from '../file/kept-file.ts'
import { retryWhileBusy } from '../file/retry-while-busy.ts'
import { sqliteFailure } from '../file/sqlite-failure.ts'
import { inTransaction } from '../file/transaction.ts'

/**
 * NORMAL: a snapshot is not synced, and costs no more than a write to the cache of the system. A
 * power cut may take the last ones, and nothing else: what is written ahead is a sequence, so the next
 * commit of events, which is FULL on its own connection, syncs all that stands before it as well.
 *
 * The checkpoints, which sync the file itself, are left to that connection.
 */
const settings = `
  PRAGMA synchronous = NORMAL;
  PRAGMA fullfsync = ON;
  PRAGMA wal_autocheckpoint = 0;
`

/**
 * Opens the shelf of a file that has its tables already.
 * @throws AetherError `incompatible-store`, `store-unavailable`
 */
export async function openSnapshotShelf(
  file: string,
  lockTimeoutMs: number,
): Promise<SqliteSnapshotShelf> {
  const db = connect(file)
  try {
    return await retryWhileBusy(() => {
      db.exec(settings)
      return new SqliteSnapshotShelf(db, file, lockTimeoutMs)
    }, lockTimeoutMs)
  } catch (thrown) {
    db.close()
    throw sqliteFailure(file, thrown)
  }
}

/** Snapshots in a table beside the events, over a connection of its own. */
export class SqliteSnapshotShelf implements SnapshotShelf {
  readonly #db: DatabaseSync
  readonly #file: string
  readonly #lockTimeoutMs: number
  readonly #kept: KeptFile
  readonly #load: StatementSync
  readonly #save: StatementSync

  constructor(db: DatabaseSync, file: string, lockTimeoutMs: number) {
    this.#db = db
    this.#file = file
    this.#lockTimeoutMs = lockTimeoutMs
    this.#kept = new KeptFile(file)
    this.#load = db.prepare('SELECT snapshot FROM snapshot WHERE actor = ?')
    // In its place: OR REPLACE would take the row out, and write it behind all others and into the index anew.
    this.#save = db.prepare(`
      INSERT INTO snapshot (actor, snapshot) VALUES (?, ?)
      ON CONFLICT (actor) DO UPDATE SET snapshot = excluded.snapshot`)
  }

  load(actorId: ActorId, signal: AbortSignal | undefined): Promise<string | undefined> {
    return this.#attempt(() => this.#current(encodeKey(actorId)), signal)
  }

  save(actorId: ActorId, { text }: ShelfOffer, replaces: Replaces): Promise<boolean> {
    const actor = encodeKey(actorId)
    const put = (): boolean => {
      this.#kept.check()
      if (!replaces(this.#current(actor))) return false
      this.#save.run(actor, text)
      return true
    }
    return this.#attempt(() => inTransaction(this.#db, put), undefined)
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #current(actor: string): string | undefined {
    return this.#load.get(actor)?.['snapshot'] as string | undefined
  }

  async #attempt<T>(work: () => T, signal: AbortSignal | undefined): Promise<T> {
    try {
      return await retryWhileBusy(() => {
        signal?.throwIfAborted()
        if (!this.#db.isOpen) throw new AetherError('closed', 'the event store was closed')
        return work()
      }, this.#lockTimeoutMs)
    } catch (thrown) {
      throw sqliteFailure(this.#file, thrown)
    }
  }
}
