import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, test as base } from 'vitest'
import { sqlite } from '../../src/backends/sqlite/index.ts'
import { migrations } from '../../src/backends/sqlite/events/schema.ts'
import { StoreProcess } from '../processes/store-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The tables as version 1 made them: never to be changed with those of today. */
const versionOne = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE event (
    position INTEGER PRIMARY KEY AUTOINCREMENT CHECK (position BETWEEN 1 AND 9007199254740991),
    actor TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version BETWEEN 1 AND 9007199254740991),
    id TEXT NOT NULL CHECK (id <> ''),
    type TEXT NOT NULL CHECK (type <> ''),
    time TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    UNIQUE (actor, version)
  ) STRICT;

  CREATE TRIGGER event_refuses_update BEFORE UPDATE ON event BEGIN
    SELECT RAISE(ABORT, 'events are immutable: append a correcting event instead of an update');
  END;

  CREATE TRIGGER event_refuses_delete BEFORE DELETE ON event BEGIN
    SELECT RAISE(ABORT, 'events are immutable: append a correcting event instead of a delete');
  END;

  CREATE TRIGGER event_only_grows BEFORE INSERT ON event
  WHEN new.version <= (SELECT max(version) FROM event WHERE actor = new.actor)
    OR new.position BETWEEN 1 AND (SELECT max(position) FROM event)
  BEGIN
    SELECT RAISE(ABORT, 'events are immutable: an insert goes behind what is stored');
  END;

  PRAGMA application_id = 1095062600;
  PRAGMA user_version = 1;
`

const insert = `INSERT INTO event (actor, version, id, type, time, data, metadata)
  VALUES ('account-x', ?, ?, 'Noted', '2026-01-01T00:00:00.000Z', '{"n":1}', '{"by":"v1"}')`

interface Fixture {
  readonly file: string
  /** A connection of the older Aether to the file, which has three events of `account-x`. */
  readonly old: DatabaseSync
}

const test = base.extend<Fixture>({
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(join(folder.path, 'events.db'))
  },
  old: async ({ file }, use) => {
    const db = makeVersionOne(file)
    await use(db)
    if (db.isOpen) db.close()
  },
})

function makeVersionOne(file: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 0 })
  db.exec(versionOne)
  for (const version of [1, 2, 3]) db.prepare(insert).run(version, `event-${version}`)
  return db
}

/** All that is in the file besides the rows. */
function schemaOf(file: string): unknown {
  const db = new DatabaseSync(file, { readOnly: true })
  const objects = db.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all()
  const version = db.prepare('PRAGMA user_version').get()
  db.close()
  return { objects, version }
}

describe('a file of version 1', () => {
  test('is looked at as it is, and keeps every event for ever', async ({ file, old }) => {
    assert.equal((await sqlite(file).inspect?.())?.['retention'], 'every event is kept')
    const retention = { keepForMs: 0 }
    await assert.rejects(sqlite(file, { retention }).openStore(), { code: 'incompatible-store' })
    await (await sqlite(file).openStore()).close()
    assert.throws(() => old.exec('DELETE FROM event WHERE version = 1'), /events are immutable/)
  })

  test('becomes one of today when it is opened, and keeps its events', async ({ file, old }) => {
    const rows = old.prepare('SELECT * FROM event').all()
    old.close()
    await using store = await sqlite(file).openStore()
    const events = await Array.fromAsync(store.read('account-x'))
    assert.deepEqual(
      events.map(({ id, version, position, data, metadata }) => [
        id,
        version,
        position,
        data,
        metadata,
      ]),
      [1, 2, 3].map((n) => [`event-${n}`, n, n, { n: 1 }, { by: 'v1' }]),
    )
    const event = { type: 'Noted', data: 4 }
    assert.ok((await store.append('account-x', [event], { expectedVersion: 3 })).ok)
    assert.ok(await store.saveSnapshot('account-x', { version: 4, state: 4, shape: 's' }))
    assert.equal((await store.loadSnapshot('account-x', { shape: 's' }))?.state, 4)

    const db = new DatabaseSync(file)
    assert.deepEqual(db.prepare('SELECT * FROM event WHERE version <= 3').all(), rows)
    db.close()
    await (await sqlite(`${file}-new`).openStore()).close()
    assert.deepEqual(schemaOf(file), schemaOf(`${file}-new`))
  })

  test('gets an identity once, which no statement changes', async ({ file, old }) => {
    const identity = async (): Promise<string | undefined> => {
      await using store = await sqlite(file).openStore()
      return store.identity?.id
    }
    const first = await identity()
    assert.match(first ?? '', /^[0-9a-f]{32}$/)
    assert.equal(await identity(), first)
    for (const change of [
      `UPDATE log SET id = 'x'`,
      'DELETE FROM log',
      `INSERT OR REPLACE INTO log VALUES (1, 'x')`,
    ])
      assert.throws(() => old.exec(change), /the identity of a log never changes/)
  })

  test('may be open in an older Aether, which goes on with it', async ({ file, old }) => {
    const statement = old.prepare(insert)
    old.exec('BEGIN IMMEDIATE')
    statement.run(4, 'event-4')
    const opening = sqlite(file).openStore()
    await turn()
    old.exec('COMMIT')
    await using store = await opening
    assert.equal(await store.latestVersion('account-x'), 4)
    statement.run(5, 'event-5')
    assert.equal(await store.latestVersion('account-x'), 5)
  })

  test('keeps every guarantee, also to the older Aether that has it open', async ({
    file,
    old,
  }) => {
    await (await sqlite(file).openStore()).close()
    const rows = (): unknown[] => old.prepare('SELECT * FROM event').all()
    const before = rows()
    for (const change of forbidden)
      assert.throws(() => old.exec(change), /events are immutable/, change)
    assert.deepEqual(rows(), before)
    old.exec('BEGIN')
    old.prepare(insert).run(4, 'event-4')
    old.exec('ROLLBACK')
    assert.equal(old.prepare(insert).run(9, 'event-9').lastInsertRowid, 4)
    assert.throws(() => old.prepare(insert).run(8, 'event-8'), /events are immutable/)
  })

  test('stays as it is where a step fails', async ({ file, old }) => {
    old.exec('CREATE TABLE snapshot (of_somebody_else)')
    const before = schemaOf(file)
    await assert.rejects(sqlite(file).openStore(), {
      code: 'incompatible-store',
      message: `${file} refused a statement (table snapshot already exists): its tables are not as Aether makes them, choose another file`,
    })
    assert.deepEqual(schemaOf(file), before)
    assert.equal(old.isTransaction, false)
    old.prepare(insert).run(4, 'event-4')
  })
})

/** Whatever would change one of the three events, or come before one. */
const forbidden = [
  `UPDATE event SET data = '{}' WHERE version = 3`,
  'DELETE FROM event WHERE version = 3',
  insertion('REPLACE', 2, 'account-y', 1),
  insertion('REPLACE', 'NULL', 'account-x', 2),
  insertion('INSERT', 3, 'account-y', 1),
  insertion('INSERT OR IGNORE', 'NULL', 'account-x', 3),
  `${insertion('INSERT', 'NULL', 'account-x', 2)} ON CONFLICT DO UPDATE SET data = '0'`,
] as const

function insertion(verb: string, position: number | string, actor: string, version: number) {
  return `${verb} INTO event VALUES (${position}, '${actor}', ${version}, 'x', 'Forged', 'now', '{}', '{}')`
}

base('a file of version 5 keeps its retention, and positions go on behind it', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  const db = new DatabaseSync(file, { timeout: 0 })
  for (const step of migrations.slice(0, 5)) db.exec(step)
  db.exec('PRAGMA user_version = 5; INSERT INTO retention VALUES (1, 0)')
  for (const version of [1, 2, 3]) db.prepare(insert).run(version, `event-${version}`)
  await using store = await sqlite(file, { retention: { keepForMs: 0 } }).openStore()
  db.exec('DELETE FROM event WHERE version < 3')
  assert.throws(() => db.exec('DELETE FROM event'), /the newest event of an actor/)
  const event = { type: 'Noted', data: 4 }
  const stored = await store.append('account-y', [event], { expectedVersion: 0 })
  assert.equal(stored.ok && stored.position, 4)
  assert.equal(await store.trimmedVersion('account-x'), 2)
  assert.equal(db.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok')
  db.close()
  const fresh = `${file}-new`
  await (await sqlite(fresh).openStore()).close()
  assert.deepEqual(schemaOf(file), schemaOf(fresh))
})

base('8 processes that open a file of version 1 at the same moment', async () => {
  await using folder = await temporaryFolder()
  await using started = new AsyncDisposableStack()
  const processes = await Promise.all(Array.from({ length: 8 }, () => StoreProcess.start()))
  for (const process of processes) started.use(process)
  for (let round = 0; round < 5; round++) {
    const file = join(folder.path, `events-${round}.db`)
    makeVersionOne(file).close()
    const opened = await Promise.all(processes.map((process) => process.open(file)))
    assert.deepEqual(opened, Array(8).fill({}))
    const outcomes = await Promise.all(
      processes.map((process) =>
        process.append([{ actorId: 'account-x', expectedVersion: 'any' }]),
      ),
    )
    const versions = outcomes.flat().map((outcome) => outcome.version ?? outcome)
    assert.deepEqual(versions.toSorted(), [10, 11, 4, 5, 6, 7, 8, 9])
  }
})
