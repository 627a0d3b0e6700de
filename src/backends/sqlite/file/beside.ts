import { existsSync, realpathSync } from 'node:fs'

/** What SQLite keeps beside a database that is open: it follows symbolic links before it names them. */
export interface Beside {
  /** What was written ahead. */
  readonly wal: string
  /** What all who have it open share, their locks among it. */
  readonly shm: string
}

export function beside(file: string): Beside {
  const place = existsSync(file) ? realpathSync(file) : file
  return { wal: `${place}-wal`, shm: `${place}-shm` }
}
