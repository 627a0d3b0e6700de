import type { DatabaseSync } from 'node:sqlite'
import type { LogIdentity } from '../../../store/index.ts'

/** What the log in this file is told from others by; the file must be of today's schema. */
export function identityIn(db: DatabaseSync, file: string): LogIdentity {
  const id = String(db.prepare('SELECT id FROM log').get()?.['id'])
  return { id, name: `sqlite:${file}` }
}
