import { join } from 'node:path'
import { describe, test } from 'vitest'
import { type Sql, sqliteTables } from '../../src/backends/sqlite/index.ts'
import {
  projectionTargetConformance,
  type ProjectionTargetSubject,
} from '../../src/testing/index.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

describe('sqliteTables', () => {
  for (const { name, run } of projectionTargetConformance) {
    test(name, async () => {
      await using folder = await temporaryFolder()
      await run(subjectIn(join(folder.path, 'views.db')))
    })
  }
})

function subjectIn(file: string): ProjectionTargetSubject<Sql, void> {
  const target = () =>
    sqliteTables({ file, tables: { entry: 'key TEXT PRIMARY KEY, value INTEGER NOT NULL' } })
  const { entry } = target().tables
  return {
    open: async () => target(),
    write(sql, entries) {
      for (const [key, value] of Object.entries(entries))
        sql`INSERT INTO ${entry} VALUES (${key}, ${value})
            ON CONFLICT (key) DO UPDATE SET value = excluded.value`
    },
    async read() {
      await using reader = target()
      if (!(await reader.read`SELECT 1 FROM sqlite_schema WHERE name = 'entry'`).length)
        return undefined
      const rows = await reader.read<{ key: string; value: number }>`SELECT * FROM ${entry}`
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
    },
  }
}
