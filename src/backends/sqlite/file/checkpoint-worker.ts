import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'
import { openMessage } from './side-thread.ts'

/** What the thread of `Checkpoints` does: a checkpoint whenever it is asked for one. */
const existing = pathToFileURL(workerData as string)
// Never makes the file anew where somebody has just removed it.
existing.searchParams.set('mode', 'rw')
const db = new DatabaseSync(existing, { timeout: 0 })
db.exec('PRAGMA synchronous = NORMAL; PRAGMA fullfsync = ON')
const checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')

/** Whether it could: else whoever writes does it. */
function tryOnce(): boolean {
  try {
    checkpoint.get()
    return true
  } catch {
    return false
  }
}

parentPort?.on('message', () => parentPort?.postMessage(tryOnce()))
parentPort?.postMessage(openMessage)
