import { join } from 'node:path'
import { type EventStore, open, projection } from 'aether'
import { memory } from 'aether/memory'
import { type Sql, sqlite, sqliteTables } from 'aether/sqlite'
import { expect, test as base } from 'vitest'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { Account } from './bank.ts'

const test = base.extend<{ file: string }>({
  file: async ({}, use) => {
    await using folder = await temporaryFolder()
    await use(join(folder.path, 'bank.db'))
  },
})

/** Balances beside the events, of accounts whose owners have names of their own. */
function balances({
  isBroken = () => false,
}: { isBroken?: (key: string, amount: number) => boolean } = {}) {
  const target = sqliteTables({
    inline: true,
    tables: {
      account: 'key TEXT PRIMARY KEY, owner TEXT UNIQUE, balance INTEGER NOT NULL DEFAULT 0',
    },
  })
  const { account } = target.tables
  const change = (sql: Sql, key: string, amount: number): void => {
    if (isBroken(key, amount)) throw new Error(`${key} is broken`)
    sql`INSERT INTO ${account} (key, balance) VALUES (${key}, ${amount})
        ON CONFLICT (key) DO UPDATE SET balance = balance + excluded.balance`
  }
  const Balances = projection({
    name: 'inline-balances',
    actors: [Account],
    target,
    retryMs: 20,
    on: {
      Opened: ({ key, data }, sql) =>
        sql`INSERT INTO ${account} (key, owner) VALUES (${key}, ${data.owner})`,
      Deposited: ({ key, data }, sql) => change(sql, key, data.amount),
      Withdrawn: ({ key, data }, sql) => change(sql, key, -data.amount),
    },
  })
  const balanceOf = async (key: string): Promise<number | undefined> => {
    const [row] = await target.read<{
      balance: number
    }>`SELECT balance FROM ${account} WHERE key = ${key}`
    return row?.balance
  }
  const all = () =>
    target.read<{ key: string; balance: number }>`SELECT key, balance FROM ${account} ORDER BY key`
  return { target, Balances, balanceOf, all }
}

async function opened(file: string, views: Pick<ReturnType<typeof balances>, 'Balances'>) {
  const node = await open({
    backend: sqlite(file),
    actors: [Account],
    projections: [views.Balances],
  })
  await until(async () => (await node.projection(views.Balances).status()).state === 'live', {
    description: 'it takes part in the appends',
    timeoutMs: 60_000,
  })
  return node
}

const deposited = (amount: number) => ({ type: 'Deposited', data: { amount } })
const anywhere = { expectedVersion: 'any' } as const

/** What the log says. */
async function folded(store: EventStore): Promise<unknown[]> {
  const sums = new Map<string, number>()
  for await (const { actorId, data } of store.readAll()) {
    const key = actorId.slice('account-'.length)
    sums.set(key, (sums.get(key) ?? 0) + (data as { amount: number }).amount)
  }
  return [...sums].toSorted().map(([key, balance]) => ({ key, balance }))
}

test('a command whose event is refused spoils none of those that it is stored with', async ({
  file,
}) => {
  const views = balances({ isBroken: (_key, amount) => amount === 6 })
  await using node = await opened(file, views)
  const bob = node.get(Account, 'bob')
  const told = await Promise.allSettled([5, 6, 7].map((amount) => bob.deposit({ amount })))
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(told[1]).toMatchObject({ reason: { code: 'projection-failed' } })
  expect(await views.balanceOf('bob')).toBe(12)
})

test('what an event leads to is there when its command is answered', async ({ file }) => {
  const views = balances()
  await using node = await opened(file, views)
  const alice = node.get(Account, 'alice')
  for (let n = 1; n <= 20; n++) {
    const { position } = await alice.deposit({ amount: 5 })
    expect(await views.balanceOf('alice')).toBe(5 * n)
    await node.projection(views.Balances).reached(position)
  }
})

test('an event at which a handler throws is refused, and its neighbours are not', async ({
  file,
}) => {
  const views = balances()
  await using node = await opened(file, views)
  await node.get(Account, 'first').open({ owner: 'Alice' })
  const before = await node.events.lastPosition()
  const outcomes = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'e'].map((key) =>
      node.get(Account, key).open({ owner: key === 'c' ? 'Alice' : key }),
    ),
  )
  expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([
    true,
    true,
    false,
    true,
    true,
  ])
  expect(outcomes[2]).toMatchObject({
    reason: { code: 'projection-failed', message: expect.stringContaining('Opened of account-c') },
  })
  expect(await node.events.lastPosition()).toBe(before + 4)
  expect((await node.state(node.get(Account, 'c'))).version).toBe(0)
  await node.get(Account, 'c').open({ owner: 'Cleo' })
  expect((await views.all()).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd', 'e', 'first'])
  expect(await node.projections()).toMatchObject([{ parked: 0, retrying: 0, state: 'live' }])
})

test('a commit of several events, one of them refused, is not stored at all', async ({ file }) => {
  const views = balances({ isBroken: (key) => key === 'bad' })
  await using node = await opened(file, views)
  const commit = node.events.commit(
    ['good', 'bad'].map((key) => ({
      actorId: `account-${key}` as const,
      events: [deposited(1)],
      ...anywhere,
    })),
  )
  await expect(commit).rejects.toMatchObject({ code: 'projection-failed' })
  expect(await node.events.lastPosition()).toBe(0)
  expect(await views.all()).toEqual([])
})

test('what others stored, who know nothing of it, is caught up with by the next append', async ({
  file,
}) => {
  const views = balances()
  await using node = await opened(file, views)
  await using other = await sqlite(file).openStore()
  for (let n = 1; n <= 30; n++) {
    await other.append(`account-${n % 3}`, [deposited(1), deposited(1)], anywhere)
    await node.get(Account, 'own').deposit({ amount: 1 })
    expect(await views.all()).toEqual(await folded(other))
  }
})

test('an event of others at which a handler throws holds back its actor, and nobody else', async ({
  file,
}) => {
  const broken = new Set(['x'])
  const views = balances({ isBroken: (key) => broken.has(key) })
  await using node = await opened(file, views)
  await using other = await sqlite(file).openStore()
  await other.append('account-x', [deposited(1)], anywhere)
  for (let n = 1; n <= 5; n++) await node.get(Account, 'y').deposit({ amount: 1 })
  await until(async () => (await views.balanceOf('y')) === 5, { description: 'y is there' })
  // It is stored, as its actor is held back already, and handled behind what failed.
  await node.get(Account, 'x').deposit({ amount: 2 })
  broken.clear()
  await until(async () => (await views.balanceOf('x')) === 3, { description: 'x is there' })
  expect(await views.all()).toEqual(await folded(other))
})

test('a long log is caught up with beside the appends, and every event counts once', async ({
  file,
}) => {
  await using other = await sqlite(file).openStore()
  for (let n = 0; n < 5; n++)
    await other.append(
      `account-${n}`,
      Array.from({ length: 1_000 }, () => deposited(1)),
      anywhere,
    )
  const views = balances()
  await using one = await open({
    backend: sqlite(file),
    actors: [Account],
    projections: [views.Balances],
  })
  const again = balances()
  await using two = await open({
    backend: sqlite(file),
    actors: [Account],
    projections: [again.Balances],
  })
  const writes = Array.from({ length: 300 }, (_, n) => {
    if (n % 3 === 0) return other.append(`account-${n % 7}`, [deposited(1)], anywhere)
    return (n % 2 ? one : two).get(Account, `${n % 7}`).deposit({ amount: 1 })
  })
  await Promise.all(writes)
  const end = await other.lastPosition()
  await one.projection(views.Balances).reached(end, { timeoutMs: 60_000 })
  await two.projection(again.Balances).reached(end, { timeoutMs: 60_000 })
  expect(await views.all()).toEqual(await folded(other))
  expect(await one.projections()).toMatchObject([{ parked: 0, retrying: 0 }])
})

test('a node that is gone leaves nothing in the way of appends', async ({ file }) => {
  const views = balances({ isBroken: () => true })
  const backend = sqlite(file)
  await (await opened(file, views)).close()
  await using store = await backend.openStore()
  await store.append('account-a', [deposited(1)], anywhere)
  expect(await store.lastPosition()).toBe(1)
})

test('a store that has no such place is refused', async () => {
  const { Balances, target } = balances()
  await expect(
    open({ backend: memory(), actors: [Account], projections: [Balances] }),
  ).rejects.toMatchObject({
    code: 'incompatible-store',
    message: expect.stringContaining('use sqlite()'),
  })
  await expect(target.read`SELECT 1`).rejects.toMatchObject({ code: 'invalid-argument' })
  expect(() => sqliteTables({ inline: true, file: 'x.db', tables: { a: 'n' } } as never)).toThrow(
    'not both',
  )
})

test('a rebuild under load is never seen half, and lacks nothing that was answered', async ({
  file,
}) => {
  const views = balances()
  await using node = await opened(file, views)
  const alice = node.get(Account, 'alice')
  for (let i = 0; i < 50; i++) await alice.deposit({ amount: 1 })
  const { build } = await node.projection(views.Balances).status()
  expect(await node.projection(views.Balances).rebuild()).toBe(build + 1)
  const isThere = async () => (await node.projection(views.Balances).status()).build === build + 1
  for (let left = 10; left > 0; left -= (await isThere()) ? 1 : 0) {
    const { state } = await alice.deposit({ amount: 1 })
    expect(await views.balanceOf('alice')).toBe(state.balance)
  }
})
