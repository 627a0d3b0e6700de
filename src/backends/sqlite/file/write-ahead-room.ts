import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { beside } from './beside.ts'
import { checkpointPages } from './write-ahead.ts'

/** How many commits there are from one look at the size to the next. */
const lookEvery = 8
/** For some 30 small commits. More at once would make one of them wait long for its sync. */
const roomBytes = 256 * 1024
/** From here on a checkpoint lets SQLite begin at the front again, so that the log stays as it is. */
const fullBytes = checkpointPages * 4096

/**
 * Keeps room on the disk behind what was written ahead. To sync bytes that make a file longer takes
 * twice as long as to sync those that lie in it: its new length is written with them. So the log of a young
 * process, which SQLite makes longer commit by commit, is made longer by many at once.
 */
export class WriteAheadRoom {
  /** What was written ahead. */
  readonly #ahead: string
  /** Never makes the file anew where somebody has just removed it. */
  readonly #existing: URL
  #commits = 0
  /** As it was when it was looked at, or made longer. */
  #bytes: number

  constructor(file: string) {
    this.#ahead = beside(file).wal
    this.#existing = pathToFileURL(file)
    this.#existing.searchParams.set('mode', 'rw')
    this.#bytes = this.#size()
  }

  /** To be called after each commit. Never throws: it is done without the room, only more slowly. */
  committed(): void {
    if (++this.#commits % lookEvery > 0) return
    try {
      const bytes = this.#size()
      if (bytes < fullBytes && areSmall(bytes - this.#bytes)) this.#add()
      this.#bytes = this.#size()
    } catch {
      // Another process writes just now, or the disk is full: whoever stores something is told of it.
    }
  }

  /**
   * What doesn't fit into the cache is written ahead before the end of its transaction, and lies there
   * still after a ROLLBACK: as what SQLite writes over, and doesn't take for a commit after a crash.
   */
  #add(): void {
    using db = new DatabaseSync(this.#existing, { timeout: 0 })
    db.exec('PRAGMA cache_size = 10; BEGIN IMMEDIATE; CREATE TABLE room (bytes BLOB)')
    db.exec(`INSERT INTO room VALUES (zeroblob(${roomBytes}))`)
    db.exec('ROLLBACK')
  }

  #size(): number {
    return statSync(this.#ahead, { throwIfNoEntry: false })?.size ?? 0
  }
}

/** Commits of many events sync so much that its length doesn't matter. */
function areSmall(bytesOfSome: number): boolean {
  return bytesOfSome > 0 && bytesOfSome < roomBytes / 2
}
