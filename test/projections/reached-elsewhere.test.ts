import { join } from 'node:path'
import {
  type Backend,
  type Node,
  open,
  policy,
  type PolicyDefinition,
  projection,
  type ProjectionDefinition,
  type ViewDefinition,
} from 'aether'
import { sqlite, sqliteTables } from 'aether/sqlite'
import { VirtualClock } from 'aether/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BackendSource, backendKinds } from '../support/backend-kinds.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { Account, Balances } from './bank.ts'

/** Nobody is taken for dead, whatever the clocks say. */
const leases = { leaseMs: 7_200_000, renewMs: 3_600_000 }
const patience = { timeoutMs: 120_000 }

interface Readers {
  readonly projections?: readonly (ViewDefinition | ProjectionDefinition)[]
  readonly policies?: readonly PolicyDefinition[]
}

/** A node whose time stands still: what it could store later, it never stores. */
async function lazy(
  backend: Backend,
  readers: Readers,
  clock = new VirtualClock(),
): Promise<Node<typeof Account>> {
  const node = await open({ backend, actors: [Account], leases, clock, ...readers })
  await until(async () => (await node.projections()).every(({ members }) => members === 1), {
    description: 'it has all parts',
  })
  return node
}

describe.each(backendKinds.slice(0, 3))('of $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => void (source = await start()))
  afterAll(() => source[Symbol.asyncDispose]())

  test('a view shows what was written at once, also where the parts of others had nothing to do', async () => {
    const backend = source.fresh()
    await using _lazy = await lazy(backend, { projections: [Balances] })
    await using node = await open({ backend, actors: [Account], leases, projections: [Balances] })
    for (const key of ['alice', 'bob', 'carol']) {
      const { position } = await node.get(Account, key).deposit({ amount: 5 })
      expect(await node.projection(Balances).reached(position, patience)).toEqual({ heldBack: [] })
      expect(await node.view(Balances).get(key)).toMatchObject({ balance: 5 })
    }
  })

  test('what a policy does has been done, also where the parts of others had nothing to do', async () => {
    const Gifts = policy({
      name: 'gifts',
      actors: [Account],
      on: {
        Opened: async ({ key }, ctx) => void (await ctx.get(Account, key).deposit({ amount: 1 })),
      },
    })
    const backend = source.fresh()
    const clock = new VirtualClock()
    await using _lazy = await lazy(backend, { policies: [Gifts] }, clock)
    await using node = await open({ backend, actors: [Account], leases, policies: [Gifts] })
    const opened = await node.get(Account, 'alice').open({ owner: 'Alice' })
    const isGiven = async (): Promise<boolean> =>
      (await node.state(node.get(Account, 'alice'))).state.balance === 1
    await until(isGiven, { description: 'alice has her gift' })
    // So long that it is stored what was done, but not that there was nothing to do.
    await clock.advance(200)
    await node.projection(Gifts).reached(opened.position, patience)
    // Nobody handles it, so nobody stores that it was looked at.
    const { position } = await node.get(Account, 'bob').deposit({ amount: 5 })
    expect(await node.projection(Gifts).reached(position, patience)).toEqual({ heldBack: [] })
  })

  test('a position that nobody has written yet is not reached, however quiet it is', async () => {
    const backend = source.fresh()
    await using _lazy = await lazy(backend, { projections: [Balances] })
    await using node = await open({ backend, actors: [Account], leases, projections: [Balances] })
    const { position } = await node.get(Account, 'alice').deposit({ amount: 5 })
    await node.projection(Balances).reached(position, patience)
    const early = node.projection(Balances).reached(position + 1_000_000, { timeoutMs: 300 })
    await expect(early).rejects.toMatchObject({ code: 'timeout' })
  })
})

test('rows of tables are there at once, also where the parts of others had nothing to do', async () => {
  await using folder = await temporaryFolder()
  const tables = sqliteTables({
    file: join(folder.path, 'rows.db'),
    tables: { paid: 'key TEXT PRIMARY KEY, amount INTEGER NOT NULL' },
  })
  const Paid = projection({
    name: 'paid',
    actors: [Account],
    target: tables,
    on: {
      Deposited: ({ key, data }, sql) =>
        sql`INSERT INTO ${tables.tables.paid} VALUES (${key}, ${data.amount})`,
    },
  })
  const backend = sqlite(join(folder.path, 'bank.db'))
  await using _lazy = await lazy(backend, { projections: [Paid] })
  await using node = await open({ backend, actors: [Account], leases, projections: [Paid] })
  for (const [index, key] of ['alice', 'bob', 'carol'].entries()) {
    await node.get(Account, key).deposit({ amount: 5 })
    // Nobody handles it, so nobody stores that it was looked at.
    const { position } = await node.get(Account, key).open({ owner: key })
    expect(await node.projection(Paid).reached(position, patience)).toEqual({ heldBack: [] })
    expect(await tables.read`SELECT key FROM paid`).toHaveLength(index + 1)
  }
})
