import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, test as base, vi } from 'vitest'
import type { ActorId, Logger } from '../../../core/index.ts'
import type { EventStore } from '../../../store/index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { sqlite } from '../sqlite-backend.ts'

const alice: ActorId = 'account-alice'
const shape = 's'

interface Fixture {
  readonly file: string
  /** Has three events of alice, and a snapshot of the second. */
  readonly store: EventStore
  readonly warnings: string[]
  /** Another connection. */
  readonly db: DatabaseSync
}

const test = base.extend<Fixture>({
  warnings: async ({}, use) => use([]),
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(join(folder.path, 'events.db'))
  },
  store: async ({ file, warnings }, use) => {
    const logger = { warn: (_, message) => void warnings.push(message) } as Logger
    await using store = await sqlite(file, { lockTimeoutMs: 500 }).openStore({ logger })
    const events = [1, 2, 3].map((data) => ({ type: 'Counted', data }))
    await store.append(alice, events, { expectedVersion: 0 })
    await store.saveSnapshot(alice, { version: 2, state: 'second', shape })
    await use(store)
  },
  db: async ({ file, store }, use) => {
    assert.ok(store)
    const db = new DatabaseSync(file, { timeout: 0 })
    await use(db)
    if (db.isOpen) db.close()
  },
})

const aliceIsIgnored = /^the snapshot of account-alice is not used: /

describe('a row that is no snapshot is told, ignored and replaced:', () => {
  test.for([
    ['no text at all', `''`],
    ['garbage', `'garbage'`],
    ['JSON without a checksum', `'{"version":2,"shape":"s","state":1}'`],
    ['one that is cut off', 'substr(snapshot, 1, length(snapshot) - 1)'],
    ['one with something behind it', `snapshot || ' '`],
    ['one with another state', `replace(snapshot, 'second', 'sEcond')`],
    ['one with another version', `replace(snapshot, '"version":2', '"version":3')`],
    ['bytes that are no text', `CAST(x'ff00fe' AS TEXT)`],
  ])('%s', async ([, value], { store, warnings, db }) => {
    db.exec(`UPDATE snapshot SET snapshot = ${value}`)
    assert.equal(await store.loadSnapshot(alice, { shape }), undefined)
    assert.match(warnings.join('\n'), aliceIsIgnored)
    assert.equal(warnings.length, 1)
    assert.equal(await store.saveSnapshot(alice, { version: 1, state: 'first', shape }), true)
    assert.equal((await store.loadSnapshot(alice, { shape }))?.state, 'first')
  })

  test('one of another actor', async ({ store, warnings, db }) => {
    await store.append('account-bob', [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    db.exec(`INSERT INTO snapshot SELECT 'account-bob', snapshot FROM snapshot`)
    assert.equal(await store.loadSnapshot('account-bob', { shape }), undefined)
    assert.deepEqual(warnings, ['the snapshot of account-bob is not used: it is of account-alice'])
  })

  test('a table that is gone', async ({ store, warnings, db }) => {
    db.exec('DROP TABLE snapshot')
    assert.equal(await store.loadSnapshot(alice, { shape }), undefined)
    assert.match(warnings.join('\n'), /account-alice is not used: .*no such table: snapshot/)
    const saving = store.saveSnapshot(alice, { version: 3, state: 1, shape })
    await assert.rejects(saving, { code: 'incompatible-store' })
    assert.ok((await store.append(alice, [{ type: 'A', data: 4 }], { expectedVersion: 3 })).ok)
  })
})

describe('the log was set back to before the snapshot', () => {
  const forget = `DROP TRIGGER event_refuses_delete; DELETE FROM event WHERE version > 1`

  test('which is not believed then', async ({ store, warnings, db }) => {
    db.exec(forget)
    assert.equal(await store.loadSnapshot(alice, { shape }), undefined)
    assert.deepEqual(warnings, [
      'the snapshot of account-alice is not used: it is of a history whose version 2 is not in the log',
    ])
  })

  test('nor when the log has grown beyond it again', async ({ store, warnings, db }) => {
    db.exec(forget)
    const events = ['else', 'entirely'].map((data) => ({ type: 'Counted', data }))
    await store.append(alice, events, { expectedVersion: 1 })
    assert.equal(await store.loadSnapshot(alice, { shape }), undefined)
    assert.equal(warnings.length, 1)
  })

  test('and replaced by one of what is there', async ({ store, db }) => {
    db.exec(forget)
    assert.equal(await store.saveSnapshot(alice, { version: 1, state: 'first', shape }), true)
    assert.equal((await store.loadSnapshot(alice, { shape }))?.state, 'first')
  })
})

describe('a lock of another process', () => {
  test('is waited for', async ({ store, db }) => {
    db.exec('BEGIN IMMEDIATE')
    const saving = store.saveSnapshot(alice, { version: 3, state: 'third', shape })
    await turn()
    assert.equal((await store.loadSnapshot(alice, { shape }))?.state, 'second')
    db.exec('COMMIT')
    assert.equal(await saving, true)
  })

  test('that stays is told after a while', async ({ store, db }) => {
    db.exec('BEGIN IMMEDIATE')
    const saving = store.saveSnapshot(alice, { version: 3, state: 'third', shape })
    await assert.rejects(saving, { code: 'store-unavailable' })
    db.exec('COMMIT')
  })
})

test('a snapshot takes the place of the one before it', async ({ store, db }) => {
  await store.append('account-bob', [{ type: 'A', data: 1 }], { expectedVersion: 0 })
  await store.saveSnapshot('account-bob', { version: 1, state: 'first', shape })
  await store.saveSnapshot(alice, { version: 3, state: 'third', shape })
  const actors = db.prepare('SELECT actor FROM snapshot ORDER BY rowid').all()
  assert.deepEqual(
    actors.map(({ actor }) => actor),
    [alice, 'account-bob'],
  )
  assert.equal((await store.loadSnapshot(alice, { shape }))?.state, 'third')
})

test('snapshots are not synced, and events and messages are', async ({ file }) => {
  await (await sqlite(file).openStore()).close()
  const exec = vi.spyOn(DatabaseSync.prototype, 'exec')
  await using _store = await sqlite(file).openStore()
  const connections = new Set(exec.mock.contexts as DatabaseSync[])
  exec.mockRestore()
  const setting = (db: DatabaseSync, name: string): unknown =>
    Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
  const settings = [...connections].map((db) =>
    ['synchronous', 'fullfsync', 'wal_autocheckpoint'].map((name) => setting(db, name)),
  )
  const [full, normal] = [2, 1]
  assert.deepEqual(settings, [
    [full, 1, 4_000],
    [normal, 1, 0],
    [full, 1, 4_000],
  ])
})
