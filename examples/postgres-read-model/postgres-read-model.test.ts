import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { open, silentLogger } from 'aether'
import { memory } from 'aether/memory'
import { sqlite } from 'aether/sqlite'
import { projectionTargetConformance } from 'aether/testing'
import { Client, Pool } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { until } from '../../test/support/until.ts'
import { actors, cancelOrder, payOrder, placeOrder, type Shop } from '../orders/shop.ts'
import { Stock } from '../orders/stock.ts'
import { PostgresTables } from './postgres-tables.ts'
import { sales } from './sales.ts'

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(() => postgres?.[Symbol.asyncDispose]())

async function freshPool() {
  const url = await postgres.newDatabase()
  const pool = new Pool({ connectionString: url })
  return { url, pool, [Symbol.asyncDispose]: () => pool.end() }
}

const good = '4000 0000 0000 0002'
const lamp = [{ product: 'lamp', count: 1, price: 4_900 }]

async function buyLamps(shop: Shop, ids: readonly string[]): Promise<void> {
  await shop.get(Stock, 'lamp').receive({ count: ids.length })
  for (const id of ids) await placeOrder(shop, id, lamp)
}

test('orders are read by plain SQL, each event counted once, also after a restart', async () => {
  await using fresh = await freshPool()
  const { pool } = fresh
  const backend = memory()
  for (const run of ['a', 'b']) {
    const Sales = sales(pool)
    await using shop = await open({ backend, actors: [...actors], projections: [Sales] })
    const [first = '', second = '', third = ''] = [1, 2, 3].map((n) => `${run}-${n}`)
    await buyLamps(shop, [first, second, third])
    await payOrder(shop, first, { payment: `p-${first}`, card: good })
    await payOrder(shop, second, { payment: `p-${second}`, card: good })
    await cancelOrder(shop, third, 'changed my mind')
    await shop.projection(Sales).reached(await shop.events.lastPosition(), { timeoutMs: 30_000 })
  }
  const orders = await pool.query(
    'SELECT status, count(*)::int, sum(cents)::int FROM sale GROUP BY 1 ORDER BY 1',
  )
  expect(orders.rows).toEqual([
    { status: 'cancelled', count: 2, sum: 9_800 },
    { status: 'paid', count: 4, sum: 19_600 },
  ])
  const days = await pool.query(
    'SELECT sum(orders)::int AS orders, sum(cents)::int AS cents FROM day_total',
  )
  expect(days.rows).toEqual([{ orders: 4, cents: 19_600 }])
})

test('a rebuild stands beside what is read, and takes its place all at once', async () => {
  await using fresh = await freshPool()
  const { pool } = fresh
  const Sales = sales(pool)
  await using shop = await open({ backend: memory(), actors: [...actors], projections: [Sales] })
  await buyLamps(
    shop,
    Array.from({ length: 20 }, (_, n) => `o-${n}`),
  )
  await shop.projection(Sales).reached(await shop.events.lastPosition(), { timeoutMs: 30_000 })
  const build = await shop.projection(Sales).rebuild()
  const isThere = async () => (await shop.projection(Sales).status()).build === build
  let isOver = false
  for (let orders = 20; !isOver; orders++) {
    isOver = await isThere()
    await buyLamps(shop, [`o-${orders}`])
    await shop.projection(Sales).reached(await shop.events.lastPosition(), { timeoutMs: 30_000 })
    expect((await pool.query('SELECT count(*)::int FROM sale')).rows).toEqual([
      { count: orders + 1 },
    ])
  }
  const schemas = `SELECT definition FROM pg_views WHERE viewname = 'sale'`
  expect((await pool.query<{ definition: string }>(schemas)).rows[0]?.definition).toContain(
    `sales_${build}.sale`,
  )
})

test('a database that is away now and then costs nothing but time, and no event is blamed', async () => {
  await using fresh = await freshPool()
  const { pool } = fresh
  pool.on('error', () => {}) // of connections that nobody uses
  const Sales = sales(pool)
  const told: string[] = []
  const tell = (_fields: object, message: string): void => void told.push(message)
  const logger = { debug: tell, info: tell, warn: tell, error: tell }
  await using shop = await open({
    backend: memory(),
    actors: [...actors],
    projections: [Sales],
    logger,
  })
  const ids = Array.from({ length: 20 }, (_, n) => `o-${n}`)
  const buying = buyLamps(shop, ids)
  const admin = new Client({ connectionString: fresh.url })
  await admin.connect()
  for (let outages = 0; outages < 10; outages++) {
    await admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )
    await sleep(10)
  }
  await admin.end()
  await buying
  await shop.projection(Sales).reached(await shop.events.lastPosition(), { timeoutMs: 30_000 })
  const { rows } = await pool.query('SELECT count(*)::int, sum(cents)::int FROM sale')
  expect(rows).toEqual([{ count: 20, sum: 20 * 4_900 }])
  expect(told.filter((message) => message.includes('held back'))).toEqual([])
})

test('a database that is made of another log is left as it is, until somebody says rebuild()', async () => {
  await using fresh = await freshPool()
  const { pool } = fresh
  await using home = await temporaryFolder()
  const Sales = sales(pool)
  const start = (file: string) =>
    open({
      backend: sqlite(join(home.path, file)),
      actors: [...actors],
      projections: [Sales],
      logger: silentLogger,
    })
  const rows = async () => (await pool.query<{ id: string }>('SELECT id FROM sale')).rows
  {
    await using shop = await start('shop.db')
    await buyLamps(shop, ['o-1'])
    await shop.projection(Sales).reached(await shop.events.lastPosition(), { timeoutMs: 30_000 })
  }
  await using mistyped = await start('ship.db')
  const failed = () =>
    until(
      async () => {
        const { state, error } = await mistyped.projection(Sales).status()
        return state === 'failed' && error
      },
      { description: 'it says that it is not run', timeoutMs: 60_000 },
    )
  expect(await failed()).toMatchObject({ code: 'incompatible-store' })
  await buyLamps(mistyped, ['o-2'])
  expect(await rows()).toEqual([{ id: 'o-1' }])
  const build = await mistyped.projection(Sales).rebuild()
  await until(async () => (await mistyped.projection(Sales).status()).build === build, {
    description: 'it is made anew',
    timeoutMs: 60_000,
  })
  await mistyped
    .projection(Sales)
    .reached(await mistyped.events.lastPosition(), { timeoutMs: 30_000 })
  expect(await rows()).toEqual([{ id: 'o-2' }])
})

describe('a target of its own kind keeps what every target promises', () => {
  for (const { name, run } of projectionTargetConformance) {
    test(name, async () => {
      await using fresh = await freshPool()
      const { pool } = fresh
      await run({
        open: async () => new PostgresTables(pool, { entry: 'key text PRIMARY KEY, value int' }),
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
