import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import type { Sql } from './sql.ts'
import type { SqliteTable } from './sqlite-table.ts'
import { sqliteTables } from './sqlite-tables.ts'

const build = { projection: 'sales', build: 1 }
const first = [{ part: '0', text: '1', expected: undefined }]

/** Fills a table and drops its build; gives how many turns others had meanwhile. */
async function turnsWhileDropped(
  columns: string,
  fill: (sql: Sql, table: SqliteTable) => void,
): Promise<number> {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'tables.db')
  await using target = sqliteTables({ file, tables: { sale: columns } })
  await target.prepare(build)
  await target.commit(build, first, (sql) => fill(sql, target.tables.sale))
  await target.activate(build)
  let turns = 0
  const counting = setInterval(() => turns++, 0)
  await target.drop(build)
  clearInterval(counting)
  using db = new DatabaseSync(file, { readOnly: true })
  expect(db.prepare(`SELECT name FROM sqlite_schema WHERE name LIKE '%sale%'`).all()).toEqual([])
  return turns
}

test('a large build is dropped while others have their turn', async () => {
  const turns = await turnsWhileDropped('id INTEGER PRIMARY KEY, note TEXT', (sql, sale) => {
    for (let id = 1; id <= 40_000; id++) sql`INSERT INTO ${sale} VALUES (${id}, ${'n'.repeat(500)})`
  })
  expect(turns).toBeGreaterThan(0)
})

test('a build whose rows refer to each other is dropped', async () => {
  const columns = 'id INTEGER PRIMARY KEY, parent INTEGER REFERENCES "sales/1/sale" (id)'
  await turnsWhileDropped(columns, (sql, sale) => {
    for (let id = 1; id <= 2_500; id++)
      sql`INSERT INTO ${sale} VALUES (${id}, ${id === 1 ? null : 1})`
  })
})
