import { availableParallelism } from 'node:os'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { SideThread } from './side-thread.ts'
import { checkpointPages } from './write-ahead.ts'

/** So many pages are worth a thread. */
const leastPages = checkpointPages / 4
/**
 * And so few a checkpoint, where there is one: it is through before more is written, so that SQLite begins its log at
 * the front again, and has nothing left to do or to sync.
 */
const fewPages = checkpointPages / 20
/** How many there may be while a thread is at them, until whoever writes takes part. */
const mostPages = checkpointPages * 4
/** How long a thread is kept that nobody asks. */
const restMs = 2_000

/** How many pages were written ahead, and how many of them are in the file itself. */
interface Frames {
  readonly log: number
  readonly checkpointed: number
}

interface CheckpointSettings {
  /** How many threads run side by side. @default as the machine allows */
  readonly cores?: number
}

/**
 * Puts what was written ahead into the file itself, in a thread, while more is written: whoever writes would wait
 * some 40 ms for the disk, each time. It only helps: SQLite does it at a commit where this does not.
 */
export class Checkpoints {
  readonly #db: DatabaseSync
  readonly #file: string
  /** Undefined where a second thread is only in the way, or can't be. */
  #frames: StatementSync | undefined
  #thread: SideThread<'checkpoint', boolean> | undefined
  #isUnderWay = false
  #rest: NodeJS.Timeout | undefined

  constructor(
    db: DatabaseSync,
    file: string,
    { cores = availableParallelism() }: CheckpointSettings = {},
  ) {
    this.#db = db
    this.#file = file
    if (cores > 1 && canCount(db)) this.#frames = db.prepare('PRAGMA wal_checkpoint(NOOP)')
  }

  /** To be called after each commit. Never throws. */
  committed(): void {
    if (!this.#frames || this.#isUnderWay) return
    try {
      const { log, checkpointed } = this.#frames.get() as unknown as Frames
      const enough = this.#thread ? fewPages : leastPages
      if (log - checkpointed >= enough) this.#begin()
    } catch {
      // Another process may hold a lock for a moment.
    }
  }

  /** Resolves when nothing of it has the file open. */
  async close(): Promise<void> {
    this.#frames = undefined
    await this.#end()
  }

  #begin(): void {
    this.#thread ??= this.#start()
    if (!this.#thread.isReady) return
    clearTimeout(this.#rest)
    this.#isUnderWay = true
    this.#leaveToSqlite(mostPages)
    void this.#thread.ask('checkpoint').then(() => {
      this.#isUnderWay = false
      this.#rest = setTimeout(() => void this.#end(), restMs)
      this.#rest.unref()
    })
  }

  /** @throws where the process may have no threads */
  #start(): SideThread<'checkpoint', boolean> {
    const work = { program: 'checkpoint-worker', beside: import.meta.url, file: this.#file }
    return new SideThread(work, () => this.#giveUp())
  }

  async #end(): Promise<void> {
    clearTimeout(this.#rest)
    const thread = this.#thread
    this.#thread = undefined
    if (!thread) return
    await thread.end()
    this.#leaveToSqlite(checkpointPages)
  }

  #giveUp(): void {
    this.#frames = undefined
    this.#leaveToSqlite(checkpointPages)
  }

  #leaveToSqlite(pages: number): void {
    if (this.#db.isOpen) this.#db.exec(`PRAGMA wal_autocheckpoint = ${pages}`)
  }
}

/** Older ones take the question for a checkpoint. */
function canCount(db: DatabaseSync): boolean {
  const version = db.prepare('SELECT sqlite_version() AS version').get()?.['version'] as string
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 3 || (major === 3 && minor >= 51)
}
