import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { sqliteTables } from './sqlite-tables.ts'

const build = { projection: 'sales', build: 1 }
const first = [{ part: '0', text: '1', expected: undefined }]

test('a large build is dropped while others have their turn', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'tables.db')
  await using target = sqliteTables({
    file,
    tables: { sale: 'id INTEGER PRIMARY KEY, note TEXT' },
  })
  const { sale } = target.tables
  await target.prepare(build)
  await target.commit(build, first, (sql) => {
    for (let id = 1; id <= 40_000; id++) sql`INSERT INTO ${sale} VALUES (${id}, ${'n'.repeat(500)})`
  })
  await target.activate(build)
  let turns = 0
  const counting = setInterval(() => turns++, 0)
  await target.drop(build)
  clearInterval(counting)
  expect(turns).toBeGreaterThan(0)
  using db = new DatabaseSync(file, { readOnly: true })
  const names = db.prepare(`SELECT name FROM sqlite_schema WHERE name LIKE '%sale%'`).all()
  expect(names).toEqual([])
})

test('a build whose rows refer to each other is dropped', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'tables.db')
  await using target = sqliteTables({
    file,
    tables: { node: 'id INTEGER PRIMARY KEY, parent INTEGER REFERENCES "sales/1/node" (id)' },
  })
  const { node } = target.tables
  await target.prepare(build)
  await target.commit(build, first, (sql) => {
    for (let id = 1; id <= 2_500; id++)
      sql`INSERT INTO ${node} VALUES (${id}, ${id === 1 ? null : 1})`
  })
  await target.drop(build)
  using db = new DatabaseSync(file, { readOnly: true })
  expect(db.prepare(`SELECT name FROM sqlite_schema WHERE name LIKE '%node%'`).all()).toEqual([])
})
