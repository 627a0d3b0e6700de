import { projection } from 'aether'
import { sqliteTables } from 'aether/sqlite'
import { Account } from './bank.ts'

/** How much each account has, times the version, in a file that isn't the events'. */
export function totals(file: string, version = 1) {
  const target = sqliteTables({
    file,
    tables: { total: 'key TEXT PRIMARY KEY, total INTEGER NOT NULL' },
  })
  const { total } = target.tables
  const Totals = projection({
    name: 'totals',
    version,
    actors: [Account],
    target,
    on: {
      Deposited: ({ key, data: { amount } }, sql) =>
        sql`INSERT INTO ${total} VALUES (${key}, ${amount * version})
            ON CONFLICT (key) DO UPDATE SET total = total + ${amount * version}`,
    },
  })
  return { file, target, Totals }
}
