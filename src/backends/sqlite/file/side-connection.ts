import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { AetherError } from '../../../core/index.ts'
import { connect } from './connect.ts'
import { KeptFile } from './kept-file.ts'
import { retryWhileBusy } from './retry-while-busy.ts'
import { commitFailure, isBusy, isUnknown, sqliteFailure } from './sqlite-failure.ts'
import { inTransaction } from './transaction.ts'
import { checkpointPages, overwrites } from './write-ahead.ts'

/** FULL: what was told is as durable as an event. Checkpoints as for the events. */
const settings = `
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA wal_autocheckpoint = ${checkpointPages};
  ${overwrites};
`

/** How many writes one transaction, and one sync of the disk, stores at most. */
const maxWritesPerTransaction = 256

/**
 * What a write outlives: the end of the process, whatever ends it; or a power cut as well, which costs a sync of
 * the disk. What is written or synced later takes what came before it along.
 */
type Outlives = 'process' | 'power-cut'

interface Write {
  readonly run: () => unknown
  readonly outlives: Outlives
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Opens a connection to a file that has its tables already, and what works over it.
 * @throws AetherError `incompatible-store`, `store-unavailable`
 */
export async function openBeside<T>(
  file: string,
  lockTimeoutMs: number,
  prepare: (db: DatabaseSync, connection: SideConnection) => T,
): Promise<T> {
  const db = connect(file)
  try {
    return await retryWhileBusy(() => {
      db.exec(settings)
      return prepare(db, new SideConnection(db, file, lockTimeoutMs))
    }, lockTimeoutMs)
  } catch (thrown) {
    db.close()
    throw sqliteFailure(file, thrown)
  }
}

/**
 * A connection beside that of the events, for what is small and durable. Writes that come together
 * share a transaction.
 */
export class SideConnection {
  readonly #db: DatabaseSync
  readonly #file: string
  readonly #lockTimeoutMs: number
  readonly #kept: KeptFile
  readonly #waiting: Write[] = []
  #draining: Promise<void> | undefined
  /** As {@link settings} have it. */
  #synced: Outlives = 'power-cut'
  #isClosing = false

  constructor(db: DatabaseSync, file: string, lockTimeoutMs: number) {
    this.#db = db
    this.#file = file
    this.#lockTimeoutMs = lockTimeoutMs
    this.#kept = new KeptFile(file)
  }

  /** @throws AetherError `store-unavailable`, `incompatible-store`, `closed` */
  async read<T>(query: () => T): Promise<T> {
    try {
      return await retryWhileBusy(() => {
        this.#assertOpen()
        return query()
      }, this.#lockTimeoutMs)
    } catch (thrown) {
      throw sqliteFailure(this.#file, thrown)
    }
  }

  /**
   * Resolves once all that `run` did is on the disk, or only in the file where it need not outlive a power cut; it
   * may be run several times, and only the last counts.
   * @throws AetherError `store-unavailable`, `too-large`, `incompatible-store`, `closed`;
   * `outcome-unknown` where the disk failed the COMMIT
   */
  write<T>(run: () => T, outlives: Outlives = 'power-cut'): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#assertOpen(this.#isClosing)
      this.#waiting.push({ run, outlives, resolve: resolve as (result: unknown) => void, reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Writes what waits first, and takes nothing more. */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#draining
    this.#db.close()
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      // A turn of the event loop, in which more writes come together.
      await turn()
      await this.#store(this.#waiting.splice(0, maxWritesPerTransaction))
    }
    this.#draining = undefined
  }

  async #store(writes: readonly Write[]): Promise<void> {
    try {
      this.#kept.check()
      this.#syncFor(writes)
      const results = await retryWhileBusy(
        () => inTransaction(this.#db, () => writes.map(({ run }) => run()), this.#notCommitted),
        this.#lockTimeoutMs,
      )
      writes.forEach(({ resolve }, index) => resolve(results[index]))
    } catch (thrown) {
      const isOfAll = isBusy(thrown) || isUnknown(thrown)
      // Nothing was stored; the failure may be of one and must not be its neighbours'.
      if (writes.length > 1 && !isOfAll) {
        for (const write of writes) await this.#store([write])
        return
      }
      const failure = sqliteFailure(this.#file, thrown)
      for (const { reject } of writes) reject(failure)
    }
  }

  /** Those that share a transaction share its sync, if one of them needs it. */
  #syncFor(writes: readonly Write[]): void {
    const isToSync = writes.some(({ outlives }) => outlives === 'power-cut')
    const needed = isToSync ? 'power-cut' : 'process'
    if (needed === this.#synced) return
    this.#db.exec(`PRAGMA synchronous = ${isToSync ? 'FULL' : 'NORMAL'}`)
    this.#synced = needed
  }

  readonly #notCommitted = (thrown: unknown): unknown =>
    commitFailure(this.#file, thrown, 'look whether it is there')

  #assertOpen(isClosing = false): void {
    if (isClosing || !this.#db.isOpen) throw new AetherError('closed', 'the event store was closed')
  }
}
