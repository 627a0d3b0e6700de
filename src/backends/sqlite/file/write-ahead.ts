import type { DatabaseSync } from 'node:sqlite'
import { AetherError } from '../../../core/index.ts'

/** How many pages are written ahead before they are put into the file itself. */
export const checkpointPages = 4_000

/** What is changed or removed is overwritten in the file, and not only let go of: it may be what was to be erased. */
export const overwrites = 'PRAGMA secure_delete = ON'

/**
 * Lets writers and readers of the file leave each other alone. `FULL` syncs each commit; with `NORMAL` a
 * power cut may take the last ones, each whole.
 * @throws AetherError `incompatible-store`
 */
export function writeAhead(db: DatabaseSync, file: string, synchronous: 'FULL' | 'NORMAL'): void {
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal') {
    throw new AetherError(
      'incompatible-store',
      `${file} lies where SQLite cannot write ahead (it answered ${String(mode)}): choose a local disk`,
    )
  }
  // fullfsync makes macOS sync down to the disk. Many writers change the same pages of the index again
  // and again: a larger cache (KB) and rarer checkpoints (pages) store them less often.
  db.exec(`
    PRAGMA synchronous = ${synchronous};
    PRAGMA fullfsync = ON;
    PRAGMA cache_size = -16000;
    PRAGMA wal_autocheckpoint = ${checkpointPages};
    ${overwrites};
  `)
}
