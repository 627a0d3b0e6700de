import { projectionTargetConformance } from 'aether/testing'
import { Pool } from 'pg'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { postgresTables } from './postgres-tables.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
}, 120_000)

afterAll(() => postgres?.[Symbol.asyncDispose]())

async function freshPool() {
  const pool = new Pool({ connectionString: await postgres.newDatabase() })
  return { pool, [Symbol.asyncDispose]: () => pool.end() }
}

describe('a target of its own kind keeps what every target promises', () => {
  for (const { name, run } of projectionTargetConformance) {
    test(name, async () => {
      await using fresh = await freshPool()
      const { pool } = fresh
      await run({
        open: async () => postgresTables(pool, { entry: 'key text PRIMARY KEY, value int' }),
        async write(tx, entries) {
          for (const entry of Object.entries(entries))
            await (tx as typeof pool).query(
              'INSERT INTO entry VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
              entry,
            )
        },
        async read() {
          const views = await pool.query(`SELECT FROM pg_views WHERE viewname = 'entry'`)
          if (views.rowCount === 0) return undefined
          const { rows } = await pool.query<{ key: string; value: number }>('SELECT * FROM entry')
          return Object.fromEntries(rows.map(({ key, value }) => [key, value]))
        },
      })
    })
  }
})
