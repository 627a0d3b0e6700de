import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import { backupSqlite, sqlite } from 'aether/sqlite'
import { describe, test as base } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'

const retention = { keepForMs: 3_600_000 }

interface Fixture {
  readonly file: string
}

const test = base.extend<Fixture>({
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(join(folder.path, 'events.db'))
  },
})

/** Four events of 2020 and one of now; one old event of another actor, two young ones of a third. */
async function fill(file: string, options: Parameters<typeof sqlite>[1] = { retention }) {
  await using store = await sqlite(file, options).openStore()
  const time = '2020-01-01T00:00:00.000Z'
  for (let version = 1; version <= 4; version++)
    await store.save('account-a', { version, time, type: 'Old', data: `secret-${version}` })
  await store.append('account-a', [{ type: 'Young', data: 5 }], { expectedVersion: 4 })
  for (const expectedVersion of [0, 1])
    await store.append('account-c', [{ type: 'Young', data: 1 }], { expectedVersion })
  await store.save('account-b', { version: 1, time, type: 'Old', data: 1 })
}

function execute(file: string, sql: string): void {
  const db = new DatabaseSync(file)
  try {
    db.exec(sql)
  } finally {
    db.close()
  }
}

function rows(file: string, sql: string): unknown[] {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    return db
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }))
  } finally {
    db.close()
  }
}

describe('a file that was made without retention', () => {
  test('lets nothing go, and is not made into another', async ({ file }) => {
    await fill(file, {})
    await assert.rejects(sqlite(file, { retention }).openStore(), {
      code: 'incompatible-store',
      message: `${file} was made without retention, which never changes: export its events, and import them into a new file`,
    })
    await using store = await sqlite(file).openStore()
    await assert.rejects(store.trim(), { code: 'incompatible-store' })
    assert.throws(
      () => execute(file, `DELETE FROM event WHERE version = 1`),
      /events are immutable: append a correcting event/,
    )
    assert.throws(
      () => execute(file, 'INSERT INTO retention VALUES (1, 0)'),
      /before the first event/,
    )
    assert.equal((await Array.fromAsync(store.readAll())).length, 8)
    assert.equal((await sqlite(file).inspect?.())?.['retention'], 'every event is kept')
  })
})

describe('a file that was made with retention', () => {
  test('says so, and is opened with the same or without naming it', async ({ file }) => {
    await fill(file)
    const kept = 'events older than 3600000 ms may be removed'
    assert.equal((await sqlite(file).inspect?.())?.['retention'], kept)
    await (await sqlite(file, { retention }).openStore()).close()
    await assert.rejects(sqlite(file, { retention: { keepForMs: 5 } }).openStore(), {
      code: 'incompatible-store',
      message: /was made with keepForMs 3600000, not 5/,
    })
    await using store = await sqlite(file).openStore()
    assert.equal((await store.trim()).removed, 4)
  })

  test.for([
    ['the newest event of an actor', `version = 1 AND actor = 'account-b'`, /the newest event/],
    ['a young event', `version = 1 AND actor = 'account-c'`, /immutable until they are older/],
    ['an event with older ones before it', `version = 2`, /while there are older ones/],
    ['everything', 'true', /immutable|newest event/],
  ] as const)('refuses to delete %s by hand', async ([, condition, refusal], { file }) => {
    await fill(file)
    assert.throws(() => execute(file, `DELETE FROM event WHERE ${condition}`), refusal)
    assert.equal(rows(file, 'SELECT * FROM event').length, 8)
    assert.deepEqual(rows(file, 'SELECT * FROM trimmed'), [])
  })

  test.for([
    'UPDATE retention SET keep_for_ms = 0',
    'REPLACE INTO retention VALUES (1, 0)',
    'DELETE FROM trimmed',
    'UPDATE trimmed SET version = 1',
    `REPLACE INTO trimmed VALUES ('account-a', 1)`,
    `UPDATE trimmed SET actor = 'account-c', version = 9`,
  ])('refuses %s', async (sql, { file }) => {
    await fill(file)
    execute(file, `DELETE FROM event WHERE actor = 'account-a' AND version <= 2`)
    const trimmed = [{ actor: 'account-a', version: 2 }]
    assert.deepEqual(rows(file, 'SELECT * FROM trimmed'), trimmed)
    assert.throws(() => execute(file, sql), /retention is allowed|trimmed stays/)
    assert.deepEqual(rows(file, 'SELECT * FROM trimmed'), trimmed)
  })

  test('knows what was deleted by hand, and keeps versions and positions going on', async ({
    file,
  }) => {
    await fill(file)
    execute(file, `DELETE FROM event WHERE actor = 'account-a' AND version <= 3`)
    await using store = await sqlite(file).openStore()
    assert.equal(await store.trimmedVersion('account-a'), 3)
    const result = await store.append('account-a', [{ type: 'A', data: 1 }], { expectedVersion: 5 })
    assert.ok(result.ok)
    assert.deepEqual([result.version, result.position], [6, 9])
  })

  test('keeps every event of an actor whose snapshot is not believed', async ({ file }) => {
    await fill(file)
    await using store = await sqlite(file, { retention }).openStore()
    await store.saveSnapshot('account-a', { version: 4, state: 'four', shape: '1' })
    const before = '2021-01-01T00:00:00.000Z'
    // The snapshot outlived the log that it was of: its event is another one there.
    const [row] = rows(file, 'SELECT snapshot FROM snapshot') as { readonly snapshot: string }[]
    const json = row?.snapshot.slice(9).replace(/"eventId":"[^"]+"/, '"eventId":"other"') ?? ''
    const checksum = crc32(json).toString(16).padStart(8, '0')
    execute(file, `UPDATE snapshot SET snapshot = '${checksum} ${json}'`)
    assert.equal((await store.trim({ before, keep: 'snapshot' })).removed, 0)
    assert.equal((await store.read('account-a').toArray()).length, 5)
    assert.equal(
      await store.saveSnapshot('account-a', { version: 4, state: 'four', shape: '1' }),
      true,
    )
    assert.equal((await store.trim({ before, keep: 'snapshot' })).removed, 3)
  })

  test('overwrites what was removed, and its backup is one with retention', async ({ file }) => {
    await fill(file)
    {
      await using store = await sqlite(file).openStore()
      await store.trim()
    }
    assert.ok(!(await readFile(file, 'latin1')).includes('secret-'))
    await backupSqlite(file, `${file}-copy`)
    await using copy = await sqlite(`${file}-copy`, { retention }).openStore()
    assert.equal(await copy.trimmedVersion('account-a'), 4)
  })
})
