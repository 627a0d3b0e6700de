import { open } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { Account, Balances, Totals } from './bank.ts'

test('a view shows what happened once it has reached it', async () => {
  await using node = await open({
    backend: memory(),
    actors: [Account],
    projections: [Balances, Totals],
  })
  const alice = node.get(Account, 'alice')
  await alice.open({ owner: 'Alice' })
  const { position } = await alice.deposit({ amount: 5 })
  await node.projection(Balances).reached(position)
  expect(await node.view(Balances).get('alice')).toEqual({ owner: 'Alice', balance: 5 })
  expect(await node.view(Balances).get('bob')).toBeUndefined()
})

test('a view of several actors in one document counts each event once, across restarts', async () => {
  const backend = memory()
  for (const amount of [1, 2, 3]) {
    await using node = await open({ backend, actors: [Account], projections: [Balances, Totals] })
    for (const key of ['ada', 'alan', 'bert']) await node.get(Account, key).deposit({ amount })
    await node.projection(Totals).reached(await node.events.lastPosition())
    const total = (amount * (amount + 1)) / 2
    expect(await node.view(Totals).get('a')).toEqual({ deposits: amount * 2, total: total * 2 })
    expect(await node.view(Totals).get('b')).toEqual({ deposits: amount, total })
    expect(await node.projections()).toMatchObject([
      { name: 'balances', kind: 'view', version: 1, build: 1, members: 1 },
      { name: 'totals', state: 'live', lag: { events: 0, seconds: 0 }, parked: 0 },
    ])
  }
})
