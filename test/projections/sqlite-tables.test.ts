import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { open, projection } from 'aether'
import { memory } from 'aether/memory'
import { sqlite, sqliteTables } from 'aether/sqlite'
import { expect, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until, untilHolds } from '../support/until.ts'
import { Account } from './bank.ts'
import { totals } from './totals.ts'

const patience = { timeoutMs: 60_000 }

/** The next version of `totals`, which has another column. */
function countedTotals(file: string) {
  const columns =
    'key TEXT PRIMARY KEY, total INTEGER NOT NULL, deposits INTEGER NOT NULL DEFAULT 1'
  const target = sqliteTables({ file, tables: { total: columns } })
  const { total } = target.tables
  const Totals = projection({
    name: 'totals',
    version: 2,
    actors: [Account],
    target,
    on: {
      Deposited: ({ key, data: { amount } }, sql) =>
        sql`INSERT INTO ${total} (key, total) VALUES (${key}, ${amount})
            ON CONFLICT (key) DO UPDATE SET total = total + ${amount}, deposits = deposits + 1`,
    },
  })
  return { target, Totals }
}

test('tables are read by plain SQL, and are those of a new version once it has caught up', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'views.db')
  const backend = sqlite(join(folder.path, 'events.db'))
  const one = totals(file)
  await using old = await open({ backend, actors: [Account], projections: [one.Totals] })
  const alice = old.get(Account, 'alice')
  for (let i = 0; i < 100; i++) await alice.deposit({ amount: 2 })
  await old.projection(one.Totals).reached(await old.events.lastPosition(), patience)
  expect(await one.target.read`SELECT * FROM total`).toEqual([{ key: 'alice', total: 200 }])

  const two = countedTotals(file)
  await using node = await open({ backend, actors: [Account], projections: [two.Totals] })
  const seen: number[] = []
  for (let left = 5; left > 0;) {
    const { position } = await node.get(Account, 'alice').deposit({ amount: 2 })
    await node.projection(two.Totals).reached(position, patience)
    const [row] = await one.target.read<{ total: number; deposits?: number }>`SELECT * FROM total`
    seen.push(row?.total ?? 0)
    if (row?.deposits === undefined) continue
    expect(row.deposits * 2).toBe(row.total)
    left--
  }
  expect(seen).toEqual(seen.map((_total, index) => 202 + 2 * index))
})

test('members of one target in one process count each event once', async () => {
  await using folder = await temporaryFolder()
  const backend = memory()
  const { target, Totals } = totals(join(folder.path, 'views.db'))
  const nodes = await Promise.all(
    [1, 2, 3].map(() => open({ backend, actors: [Account], projections: [Totals] })),
  )
  for (let i = 0; i < 300; i++) {
    await nodes[i % 3]!.get(Account, `${i % 10}`).deposit({ amount: 1 })
    if (i % 100 === 0) await setImmediate()
  }
  // One goes, with the target that they share.
  await nodes[0]!.close()
  await nodes[1]!.get(Account, '0').deposit({ amount: 1 })
  const end = await nodes[1]!.events.lastPosition()
  await nodes[1]!.projection(Totals).reached(end, patience)
  await until(
    async () => {
      const [row] = await target.read`SELECT sum(total) AS sum, count(*) AS n FROM total`
      return row?.['sum'] === 301 && row['n'] === 10
    },
    { description: 'all is counted', ...patience },
  )
  await Promise.all(nodes.map((node) => node.close()))
})

test('where many events of a stretch fail, the others are handled a few times at most, and once in effect', async () => {
  await using folder = await temporaryFolder()
  const target = sqliteTables({
    file: join(folder.path, 'views.db'),
    tables: { deposit: 'key TEXT NOT NULL, amount INTEGER NOT NULL' },
  })
  let calls = 0
  const Deposits = projection({
    name: 'deposits',
    actors: [Account],
    target,
    retries: 0,
    on: {
      Deposited: ({ key, data: { amount } }, sql) => {
        calls++
        if (amount > 1_000) throw new RangeError(`${amount} is too much`)
        return sql`INSERT INTO ${target.tables.deposit} VALUES (${key}, ${amount})`
      },
    },
  })
  const backend = memory()
  const accounts = 300
  // One after the other, and all in a row.
  const isPoor = (n: number): boolean => n % 5 === 0 || (n > 100 && n < 140)
  {
    await using node = await open({ backend, actors: [Account] })
    for (const amount of [1, 2_000, 3])
      for (let n = 0; n < accounts; n++)
        await node
          .get(Account, `a${n}`)
          .deposit({ amount: isPoor(n) ? amount : Math.min(amount, 2) })
  }
  await using node = await open({
    backend,
    actors: [Account],
    projections: [Deposits],
    logger: new Logbook(),
  })
  await node.projection(Deposits).reached(await node.events.lastPosition(), patience)
  const poor = Array.from({ length: accounts }, (_, n) => n).filter(isPoor).length
  await untilHolds(
    async () =>
      expect(await node.projection(Deposits).status()).toMatchObject({
        parked: poor,
        state: 'live',
      }),
    { description: 'it is live' },
  )
  expect(calls).toBeLessThan(2 * 3 * accounts + 20 * poor)
  const rows = await target.read<{ key: string; amounts: string }>`
    SELECT key, group_concat(amount) AS amounts FROM deposit GROUP BY key`
  expect(rows).toHaveLength(accounts)
  for (const { key, amounts } of rows)
    expect([key, amounts]).toEqual([key, isPoor(Number(key.slice(1))) ? '1' : '1,2,2'])
})
