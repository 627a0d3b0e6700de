import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { schemaVersion } from './schema.ts'
import { sqlite } from '../sqlite-backend.ts'

/** A file with event 5 of an actor that has no others, and behind it the events 1 to 3 of another. */
async function withEvents(run: (db: DatabaseSync) => void): Promise<void> {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  await store.save('account-gap', { version: 5, type: 'Opened', data: {} })
  const events = ['Opened', 'Deposited', 'Closed'].map((type) => ({ type, data: { type } }))
  await store.append('account-alice', events, { expectedVersion: 0 })
  const db = new DatabaseSync(file)
  try {
    run(db)
  } finally {
    db.close()
  }
}

function insertion(position: number | null, actor: string, version: number): string {
  return `INTO event VALUES (${position}, '${actor}', ${version}, 'x', 'Forged', 'now', '{}', '{}')`
}

describe('the file', () => {
  test('says whose it is, and is written ahead', () =>
    withEvents((db) => {
      const pragma = (name: string): unknown => db.prepare(`PRAGMA ${name}`).get()?.[name]
      assert.equal(pragma('application_id'), 0x41455448)
      assert.equal(pragma('user_version'), schemaVersion)
      assert.equal(pragma('journal_mode'), 'wal')
    }))

  test.for([
    ['an update', `UPDATE event SET data = '{}' WHERE version = 2`],
    ['an update of nothing but a number', 'UPDATE event SET position = position + 100'],
    ['a delete', 'DELETE FROM event WHERE version = 3'],
    ['a delete of everything', 'DELETE FROM event'],
    ['a replaced position', `REPLACE ${insertion(2, 'account-bob', 1)}`],
    ['a replaced version', `INSERT OR REPLACE ${insertion(null, 'account-alice', 2)}`],
    ['an update by way of an insert', upsert()],
    ['a version that was passed', `INSERT OR IGNORE ${insertion(null, 'account-alice', 3)}`],
    ['a version that was left out', `INSERT ${insertion(null, 'account-gap', 3)}`],
    ['a position that was passed', `INSERT ${insertion(1, 'account-bob', 1)}`],
  ] as const)('refuses %s', ([, sql]) =>
    withEvents((db) => {
      const all = 'SELECT * FROM event ORDER BY position'
      const before = db.prepare(all).all()
      assert.throws(() => db.exec(sql), /events are immutable/)
      assert.deepEqual(db.prepare(all).all(), before)
      assert.equal(before.length, 4)
    }),
  )

  test('refuses what is no event', () =>
    withEvents((db) => {
      for (const version of [0, -1, 2 ** 53])
        assert.throws(() => db.exec(`INSERT ${insertion(null, 'account-bob', version)}`), /CHECK/)
      assert.throws(() => db.exec(`INSERT ${insertion(-5, 'account-bob', 1)}`), /CHECK/)
      for (const idAndType of [`'', 'X'`, `'x', ''`, `NULL, 'X'`, `x'00', 'X'`]) {
        const sql = `INSERT INTO event VALUES (9, 'a-b', 1, ${idAndType}, 'now', '{}', '{}')`
        assert.throws(() => db.exec(sql), /constraint failed|cannot store BLOB/)
      }
    }))
})

function upsert(): string {
  return `INSERT ${insertion(null, 'account-alice', 2)} ON CONFLICT DO UPDATE SET data = '0'`
}
