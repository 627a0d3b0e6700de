import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test as base } from 'vitest'
import {
  type Sql,
  sqlite,
  sqliteTables,
  type SqliteTablesOptions,
} from '../../src/backends/sqlite/index.ts'
import type { ProgressChange, ProjectionBuild } from '../../src/store/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'

const sales: ProjectionBuild = { projection: 'sales', build: 1 }
const next: ProjectionBuild = { projection: 'sales', build: 2 }

/** A new part at a place of the log. */
const part = (position: number, expected?: number): ProgressChange => ({
  part: '0',
  text: String(position),
  expected,
})

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(folder.path)
  },
})

const columns = 'id TEXT PRIMARY KEY, cents INTEGER NOT NULL, paid INTEGER NOT NULL DEFAULT 0'

const targetIn = (folder: string, lockTimeoutMs = 10_000) =>
  sqliteTables({ file: join(folder, 'views.db'), tables: { sale: columns }, lockTimeoutMs })

const namesIn = (folder: string): unknown[] => {
  using db = new DatabaseSync(join(folder, 'views.db'))
  const rows = db.prepare(`SELECT type || ' ' || name AS name FROM sqlite_schema WHERE sql <> ''`)
  return rows
    .all()
    .map(({ name }) => name)
    .filter((name) => !String(name).includes('aether_'))
    .toSorted()
}

describe('what a handler writes with', () => {
  test('binds values, names tables, and sees what it wrote', async ({ folder }) => {
    await using target = targetIn(folder)
    const { sale } = target.tables
    await target.prepare(sales)
    const evil = `'); DROP TABLE sale; --`
    await target.commit(sales, [part(1)], (sql) => {
      expect(
        sql`INSERT INTO ${sale} VALUES (${evil}, ${12}, ${true}), (${'b'}, ${3n}, ${false})`,
      ).toBe(2)
      expect(sql.get<{ paid: number }>`SELECT paid FROM ${sale} WHERE id = ${evil}`?.paid).toBe(1)
      expect(sql.get`SELECT paid FROM ${sale} WHERE id = ${'c'}`).toBeUndefined()
      expect(sql.all`SELECT id FROM ${sale} ORDER BY id`).toEqual([{ id: evil }, { id: 'b' }])
      expect(sql`UPDATE ${sale} SET cents = cents + ${1} WHERE id = ${'nobody'}`).toBe(0)
    })
    await target.activate(sales)
    expect(await target.read`SELECT id, cents FROM sale WHERE id = ${evil}`).toEqual([
      { id: evil, cents: 12 },
    ])
  })

  test('the same template may name another table', async ({ folder }) => {
    const file = join(folder, 'views.db')
    await using target = sqliteTables({ file, tables: { a: 'n INTEGER', b: 'n INTEGER' } })
    const { a, b } = target.tables
    await target.prepare(sales)
    await target.commit(sales, [part(1)], (sql) => {
      for (const table of [a, b, a, a]) sql`INSERT INTO ${table} VALUES (${1})`
    })
    await target.activate(sales)
    expect(
      await target.read`SELECT (SELECT sum(n) FROM ${a}) a, (SELECT sum(n) FROM ${b}) b`,
    ).toEqual([{ a: 3, b: 1 }])
  })

  test('an error of SQLite is thrown as it is, and may be caught', async ({ folder }) => {
    await using target = targetIn(folder)
    const { sale } = target.tables
    await target.prepare(sales)
    const twice = (sql: Sql) => {
      for (const _time of [1, 2]) sql`INSERT INTO ${sale} (id, cents) VALUES (${'a'}, 1)`
    }
    await expect(target.commit(sales, [part(1)], twice)).rejects.toMatchObject({
      code: 'ERR_SQLITE_ERROR',
      message: expect.stringContaining('UNIQUE'),
    })
    await target.commit(sales, [part(1)], (sql) => {
      expect(() => twice(sql)).toThrow('UNIQUE')
    })
    await target.activate(sales)
    expect(await target.read`SELECT id FROM ${sale}`).toEqual([{ id: 'a' }])
  })

  test('a value of another type is refused', async ({ folder }) => {
    await using target = targetIn(folder)
    await target.prepare(sales)
    const { sale } = target.tables
    await expect(
      target.commit(
        sales,
        [part(1)],
        (sql) => void sql`INSERT INTO ${sale} VALUES ('a', 'much', 0)`,
      ),
    ).rejects.toThrow('cannot store TEXT value in INTEGER column')
  })

  test('a promise is refused, nothing is stored, and what comes later writes nothing', async ({
    folder,
  }) => {
    await using target = targetIn(folder)
    const { sale } = target.tables
    await target.prepare(sales)
    await target.activate(sales)
    let late: unknown
    const wait = async (sql: Sql): Promise<void> => {
      sql`INSERT INTO ${sale} (id, cents) VALUES ('a', 1)`
      await sleep(1)
      try {
        sql`INSERT INTO ${sale} (id, cents) VALUES ('b', 1)`
      } catch (error) {
        late = error
        throw error
      }
    }
    await expect(target.commit(sales, [part(1)], wait as (sql: Sql) => void)).rejects.toMatchObject(
      {
        code: 'invalid-argument',
        message: expect.stringContaining('sales gave a promise'),
      },
    )
    await until(() => late, { description: 'the late one is refused' })
    expect(late).toMatchObject({ code: 'closed' })
    expect(await target.read`SELECT * FROM sale`).toEqual([])
    expect(await target.load(sales)).toEqual([])
  })

  test('a full disk is no fault of an event, whoever catches it', async ({ folder }) => {
    await using target = targetIn(folder)
    const { sale } = target.tables
    await target.prepare(sales)
    await target.activate(sales)
    const fill = (sql: Sql) => {
      sql.get`PRAGMA max_page_count = 1`
      try {
        for (let i = 0; i < 10_000; i++)
          sql`INSERT INTO ${sale} (id, cents) VALUES (${String(i).repeat(100)}, 1)`
      } catch {
        // a handler that knows better
      }
    }
    await expect(target.commit(sales, [part(1)], fill)).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('disk is full'),
    })
    expect(await target.read`SELECT * FROM sale`).toEqual([])
    expect(await target.load(sales)).toEqual([])
    await target.commit(sales, [part(1)], (sql) => void sql.get`PRAGMA max_page_count = 1000000`)
  })
})

describe('a lock of somebody else', () => {
  test('is waited for before the handlers run, and they never see it', async ({ folder }) => {
    await using target = targetIn(folder)
    const { sale } = target.tables
    await target.prepare(sales)
    using other = new DatabaseSync(join(folder, 'views.db'))
    other.exec('BEGIN IMMEDIATE')
    let calls = 0
    const committing = target.commit(sales, [part(1)], (sql) => {
      calls++
      sql`INSERT INTO ${sale} (id, cents) VALUES ('a', 1)`
    })
    await sleep(30)
    expect(calls).toBe(0)
    other.exec('COMMIT')
    expect(await committing).toHaveLength(1)
    expect(calls).toBe(1)
  })

  test('that stays is told', async ({ folder }) => {
    await using target = targetIn(folder, 50)
    await target.prepare(sales)
    using other = new DatabaseSync(join(folder, 'views.db'))
    other.exec('BEGIN IMMEDIATE')
    await expect(target.commit(sales, [part(1)], () => {})).rejects.toMatchObject({
      code: 'store-unavailable',
    })
    other.exec('COMMIT')
    expect(await target.commit(sales, [part(1)], () => {})).toHaveLength(1)
  })

  test('that a handler itself ran into elsewhere is thrown on, and not waited for', async ({
    folder,
  }) => {
    await using target = targetIn(folder)
    await target.prepare(sales)
    const busy = Object.assign(new Error('database is locked'), { errcode: 5 })
    let calls = 0
    const fail = () => {
      calls++
      throw busy
    }
    await expect(target.commit(sales, [part(1)], fail)).rejects.toBe(busy)
    expect(calls).toBe(1)
  })
})

describe('builds', () => {
  test('have tables and indexes of their own, and go with them', async ({ folder }) => {
    const file = join(folder, 'views.db')
    const columns = 'id TEXT PRIMARY KEY, day TEXT NOT NULL'
    const sale = { columns, indexes: ['day', 'day DESC, id'], withoutRowid: true }
    await using target = sqliteTables({ file, tables: { sale } })
    for (const build of [sales, next]) await target.prepare(build)
    await target.activate(sales)
    expect(namesIn(folder)).toEqual([
      'index sales/1/sale/1',
      'index sales/1/sale/2',
      'index sales/2/sale/1',
      'index sales/2/sale/2',
      'table sales/1/sale',
      'table sales/2/sale',
      'view sale',
    ])
    await target.activate(next)
    await target.drop(sales)
    expect(namesIn(folder)).toEqual([
      'index sales/2/sale/1',
      'index sales/2/sale/2',
      'table sales/2/sale',
      'view sale',
    ])
    const plan =
      await target.read`EXPLAIN QUERY PLAN SELECT * FROM ${target.tables.sale} WHERE day = ${'x'}`
    expect(JSON.stringify(plan)).toMatch(/SEARCH.*INDEX sales\/2\/sale\//)
    await target.drop(next)
    expect(namesIn(folder)).toEqual([])
  })

  test('may have other columns and tables: readers see the new ones with the switch', async ({
    folder,
  }) => {
    const file = join(folder, 'views.db')
    await using old = sqliteTables({ file, tables: { sale: 'id TEXT', gone: 'n INTEGER' } })
    await old.prepare(sales)
    await old.commit(
      sales,
      [part(1)],
      (sql) => void sql`INSERT INTO ${old.tables.sale} VALUES ('a')`,
    )
    await old.activate(sales)
    await using reader = sqliteTables({ file, tables: { sale: 'id TEXT' } })
    const all = () => reader.read`SELECT * FROM sale`
    expect(await all()).toEqual([{ id: 'a' }])
    await using now = sqliteTables({
      file,
      tables: { sale: 'cents INTEGER, id TEXT', more: 'n INTEGER' },
    })
    await now.prepare(next)
    await now.commit(
      next,
      [part(1)],
      (sql) => void sql`INSERT INTO ${now.tables.sale} VALUES (5, 'a')`,
    )
    expect(await all()).toEqual([{ id: 'a' }])
    await now.activate(next)
    expect(await all()).toEqual([{ cents: 5, id: 'a' }])
    expect(namesIn(folder).filter((name) => String(name).startsWith('view'))).toEqual([
      'view more',
      'view sale',
    ])
    await old.commit(
      sales,
      [part(2, 1)],
      (sql) => void sql`INSERT INTO ${old.tables.gone} VALUES (1)`,
    )
    await now.drop(sales)
    expect(await all()).toEqual([{ cents: 5, id: 'a' }])
  })

  test('that were dropped stay so, for whoever comes late', async ({ folder }) => {
    await using target = targetIn(folder)
    await target.prepare(sales)
    await target.drop(sales)
    await target.prepare(sales)
    let calls = 0
    expect(await target.commit(sales, [part(1)], () => void calls++)).toBeUndefined()
    await target.activate(sales)
    expect([calls, namesIn(folder)]).toEqual([0, []])
  })

  test('that have other columns than the code want another version', async ({ folder }) => {
    await using target = targetIn(folder)
    await target.prepare(sales)
    const file = join(folder, 'views.db')
    await using changed = sqliteTables({ file, tables: { sale: 'id TEXT' } })
    await expect(changed.prepare(sales)).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('raise the version'),
    })
  })

  test('take no name of another projection, nor of somebody else', async ({ folder }) => {
    await using target = targetIn(folder)
    await target.prepare(sales)
    await expect(target.prepare({ projection: 'other', build: 1 })).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('a table sale of the projection sales'),
    })
    const file = join(folder, 'views.db')
    using db = new DatabaseSync(file)
    db.exec('CREATE TABLE mine (n)')
    await using careless = sqliteTables({ file, tables: { Mine: 'n INTEGER' } })
    await expect(careless.prepare(next)).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringContaining('a table Mine already'),
    })
    expect(namesIn(folder)).toEqual(['table mine', 'table sales/1/sale'])
  })

  test('with columns that SQLite refuses leave nothing', async ({ folder }) => {
    const file = join(folder, 'views.db')
    await using target = sqliteTables({ file, tables: { good: 'n INTEGER', bad: 'day DATE' } })
    await expect(target.prepare(sales)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('unknown datatype'),
    })
    expect(namesIn(folder)).toEqual([])
  })
})

describe('the file', () => {
  test('may be that of the event store', async ({ folder }) => {
    const file = join(folder, 'events.db')
    await using store = await sqlite(file).openStore()
    await using target = sqliteTables({ file, tables: { sale: columns } })
    await target.prepare(sales)
    await store.append('order-1', [{ type: 'Placed', data: {} }], { expectedVersion: 0 })
    await target.commit(sales, [part(1)], (sql) => {
      sql`INSERT INTO ${target.tables.sale} (id, cents) VALUES ('a', 1)`
    })
    await target.activate(sales)
    await store.close()
    await using again = await sqlite(file).openStore()
    expect(await again.lastPosition()).toBe(1)
    expect(await target.read`SELECT cents FROM sale`).toEqual([{ cents: 1 }])
  })

  test('has what was written long before it is closed, and then nothing is beside it', async ({
    folder,
  }) => {
    await using target = targetIn(folder)
    const { sale } = target.tables
    await target.prepare(sales)
    let revision: number | undefined
    let number = 0
    const bytesOfFile = async (): Promise<number> => {
      await target.commit(sales, [part(number, revision)], (sql) => {
        for (let row = 0; row < 200; row++)
          sql`INSERT INTO ${sale} VALUES (${`${number++} ${'x'.repeat(2_000)}`}, ${1}, ${true})`
      })
      revision = (revision ?? 0) + 1
      return (await stat(join(folder, 'views.db'))).size
    }
    // A thread takes a moment to start; without one, all of it is written ahead for long.
    const isThere = async (): Promise<boolean> => (await bytesOfFile()) > 4_000_000
    await until(isThere, { description: 'what was written is in the file' })
    await target.close()
    expect(await readdir(folder)).toEqual(['views.db'])
    await target.activate(sales)
    expect(await target.read`SELECT count(*) AS count FROM sale`).toEqual([{ count: number }])
  })

  test('is opened again by whoever calls after it was closed', async ({ folder }) => {
    const target = targetIn(folder)
    for (const _time of [1, 2, 3]) {
      await target.prepare(sales)
      await target.read`SELECT 1`
      await target.close()
      await target.close()
    }
  })

  test('that cannot be reached is told, and may be there later', async ({ folder }) => {
    await using target = sqliteTables({
      file: join(folder, 'no/views.db'),
      tables: { sale: columns },
    })
    await expect(target.prepare(sales)).rejects.toMatchObject({ code: 'store-unavailable' })
    await expect(target.read`SELECT 1`).rejects.toMatchObject({ code: 'store-unavailable' })
  })

  test('before a first build is finished is told, and what is wrong with a query stays', async ({
    folder,
  }) => {
    await using target = targetIn(folder)
    await target.prepare(sales)
    await expect(target.read`SELECT * FROM sale`).rejects.toMatchObject({
      code: 'store-unavailable',
      message: expect.stringContaining('no such table: sale: no projection has finished'),
    })
    await expect(target.read`SELECT * FROM sales`).rejects.toMatchObject({
      code: 'ERR_SQLITE_ERROR',
    })
    await target.activate(sales)
    expect(await target.read`SELECT * FROM sale`).toEqual([])
  })

  test('is not written by a reader', async ({ folder }) => {
    await using target = targetIn(folder)
    await target.prepare(sales)
    await expect(target.read`DROP TABLE ${target.tables.sale}`).rejects.toThrow('no such table')
    await expect(target.read`CREATE TABLE x (n)`).rejects.toThrow('readonly')
  })
})

test.each([
  ['a path of a file', { file: '', tables: { a: 'n' } }],
  ['a path of a file', { file: ':memory:', tables: { a: 'n' } }],
  ['at least one table', { file: 'x.db', tables: {} }],
  ['names of letters', { file: 'x.db', tables: { 'a b': 'n' } }],
  ['kept free', { file: 'x.db', tables: { aether_x: 'n' } }],
  ['the columns of a', { file: 'x.db', tables: { a: ' ' } }],
  ['lockTimeoutMs', { file: 'x.db', tables: { a: 'n' }, lockTimeoutMs: 0 }],
])('sqliteTables() asks for %s', (what, options) => {
  expect(() => sqliteTables(options as SqliteTablesOptions)).toThrow(
    what.replace('a path', 'the path'),
  )
})
