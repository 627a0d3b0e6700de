import { join } from 'node:path'
import { actor, type AetherError, open, reject, silentLogger } from 'aether'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { Account } from '../../examples/bank/bank.ts'
import { Thing } from '../http/thing.ts'
import { startNatsServer } from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { countsOf, valuesOf } from './values.ts'

describe('commands', () => {
  test('are counted by type and outcome, also those that nobody knows', async () => {
    await using node = await open({ backend: memory(), actors: [Account, Thing] })
    const alice = node.get(Account, 'alice')
    await alice.open({ owner: 'Alice' })
    await Promise.all([1, 2, 3].map((amount) => alice.deposit({ amount })))
    const attempts = [
      node.send('account-alice', 'withdraw', { amount: 100 }),
      node.send('account-alice', 'deposit', { amount: -1 }),
      node.send('account-alice', 'rob', {}),
      node.send('nobody-x', 'rob', {}),
      node.send('thing-a', 'fail', undefined),
    ]
    await Promise.allSettled(attempts)
    const metrics = await node.metrics()
    expect(countsOf(metrics, 'aether.commands')).toEqual({
      'account open done': 1,
      'account deposit done': 3,
      'account deposit invalid-input': 1,
      'account withdraw rejected': 1,
      'account  unknown-command': 1,
      '  unknown-actor-type': 1,
      'thing fail actor-failed': 1,
    })
    expect(valuesOf(metrics, 'aether.command.duration')).toMatchObject({
      'account open': 1,
      'account deposit': 4,
    })
  })

  test('that were taken back or found no room are counted once each', async () => {
    await using node = await open({
      backend: memory(),
      actors: [Account],
      limits: { mailboxCommands: 2 },
    })
    const alice = node.get(Account, 'alice')
    const taken = AbortSignal.abort(new Error('changed my mind'))
    const leaving = new AbortController()
    const sent = [
      alice.open({ owner: 'Alice' }, { signal: taken }),
      alice.open({ owner: 'Alice' }, { signal: leaving.signal }),
      alice.deposit({ amount: 1 }),
      alice.deposit({ amount: 2 }),
    ]
    leaving.abort()
    await Promise.allSettled(sent)
    expect(countsOf(await node.metrics(), 'aether.commands')).toEqual({
      '  aborted': 1,
      'account open aborted': 1,
      'account deposit done': 1,
      'account deposit overloaded': 1,
    })
  })

  test('decided together are counted as one', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    await node.transact([node.get(Account, 'a'), node.get(Account, 'b')], ([a, b]) => [
      a.on.Opened({ owner: 'A' }),
      b.on.Opened({ owner: 'B' }),
    ])
    const accounts = [node.get(Account, 'a')]
    await node.transact(accounts, () => [], { name: 'look' })
    await expect(
      node.transact(accounts, () => reject('no'), { name: 'look' }),
    ).rejects.toMatchObject({ command: 'look', message: 'account-a rejected look: no' })
    const unnamed = node.transact(accounts, () => [], { name: 'look at a' })
    await expect(unnamed).rejects.toMatchObject({ code: 'invalid-argument' })
    const metrics = await node.metrics()
    const counted = { ' done': 1, 'look done': 1, 'look rejected': 1 }
    expect(valuesOf(metrics, 'aether.transactions')).toEqual(counted)
    expect(valuesOf(metrics, 'aether.append.events')).toEqual({ account: 2 })
  })
})

describe('appends', () => {
  test('are counted with their events, those of two nodes apart', async () => {
    const backend = memory()
    await using one = await open({ backend, actors: [Account] })
    await using other = await open({ backend, actors: [Account] })
    await one.get(Account, 'alice').open({ owner: 'Alice' })
    await other.get(Account, 'alice').deposit({ amount: 1 })
    await one.get(Account, 'alice').deposit({ amount: 2 })
    const metrics = await one.metrics()
    expect(valuesOf(metrics, 'aether.append.duration')).toEqual({ stored: 2, conflict: 1 })
    expect(valuesOf(metrics, 'aether.append.conflicts')).toEqual({ account: 1 })
    expect(valuesOf(metrics, 'aether.append.events')).toEqual({ account: 2 })
    expect(valuesOf(await other.metrics(), 'aether.append.events')).toEqual({ account: 1 })
  })

  test('take time where they wait for a disk, and in memory none', async () => {
    await using folder = await temporaryFolder()
    const sums = []
    for (const backend of [memory(), sqlite(join(folder.path, 'bank.db'))]) {
      await using node = await open({ backend, actors: [Account] })
      await node.get(Account, 'alice').open({ owner: 'Alice' })
      const metrics = await node.metrics()
      sums.push(metrics.find(({ name }) => name === 'aether.append.duration')?.points[0]?.value)
    }
    expect(sums).toEqual([0, expect.any(Number)])
    expect(sums[1]).toBeGreaterThan(0)
  })

  test('that fail are counted by code', async () => {
    const server = await startNatsServer()
    await using stack = new AsyncDisposableStack()
    stack.defer(() => server.stop())
    const backend = nats({ servers: server.url, durability: 'trust' })
    const node = stack.use(await open({ backend, actors: [Account], logger: silentLogger }))
    await node.get(Account, 'a').open({ owner: 'A' })
    await server.kill()
    const lost = node.get(Account, 'a').deposit({ amount: 1 }, { timeoutMs: 60_000 })
    const { code } = (await lost.catch((error: unknown) => error)) as AetherError
    const metrics = await node.metrics()
    expect(valuesOf(metrics, 'aether.append.failures')).toEqual({ [code]: 1 })
    expect(valuesOf(metrics, 'aether.append.duration')).toEqual({ stored: 1, failed: 1 })
  })
})

test('actors are counted in memory, coming and going, and what was read for them', async () => {
  await using node = await open({
    backend: memory(),
    actors: [Account, Thing],
    limits: { liveActors: 2 },
  })
  for (const key of ['a', 'b', 'c', 'a']) await node.get(Account, key).deposit({ amount: 1 })
  const metrics = await node.metrics()
  expect(valuesOf(metrics, 'aether.actors.live')).toEqual({ account: 2, thing: 0 })
  expect(valuesOf(metrics, 'aether.actor.activations')).toEqual({ account: 4 })
  expect(valuesOf(metrics, 'aether.actor.passivations')).toEqual({ 'account room': 2 })
  expect(valuesOf(metrics, 'aether.actor.load.events')).toEqual({ account: 1 })
  expect(valuesOf(metrics, 'aether.actor.load.duration')).toEqual({ account: 4 })
})

test('mailboxes are measured as they are now', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  const sent = [1, 2, 3].map((amount) => node.get(Account, 'a').deposit({ amount }))
  sent.push(node.get(Account, 'b').deposit({ amount: 1 }))
  const now = node.metrics()
  await Promise.all(sent)
  const then = await now
  expect(valuesOf(then, 'aether.mailbox.waiting')).toEqual({ account: 4 })
  expect(valuesOf(then, 'aether.mailbox.deepest')).toEqual({ account: 3 })
  const after = await node.metrics()
  expect(valuesOf(after, 'aether.mailbox.waiting')).toEqual({ account: 0 })
})

test('actors in quarantine are shown', async () => {
  await using node = await open({
    backend: memory(),
    actors: [Thing],
    limits: { failuresInARow: 1 },
    logger: silentLogger,
  })
  expect(valuesOf(await node.metrics(), 'aether.actors.quarantined')).toEqual({ thing: 0 })
  await node
    .get(Thing, 'a')
    .fail()
    .catch(() => {})
  await node
    .get(Thing, 'a')
    .fail()
    .catch(() => {})
  const metrics = await node.metrics()
  expect(valuesOf(metrics, 'aether.actors.quarantined')).toEqual({ thing: 1 })
  expect(countsOf(metrics, 'aether.commands')).toEqual({
    'thing fail actor-failed': 1,
    'thing fail actor-quarantined': 1,
  })
})

const Ticker = actor('ticker', {
  state: { ticks: 0 },
  events: { Ticked: z.object({}) },
  evolve: { Ticked: (s) => ({ ticks: s.ticks + 1 }) },
  commands: { tick: { decide: (_s, _c, on) => on.Ticked({}) } },
  snapshots: { every: 10 },
})

test('snapshots are counted: looked for, found, kept', async () => {
  const backend = memory()
  {
    await using node = await open({ backend, actors: [Ticker] })
    for (let left = 10; left > 0; left--) await node.get(Ticker, 'a').tick()
    const saved = async (): Promise<boolean> =>
      'ticker saved' in valuesOf(await node.metrics(), 'aether.snapshot.saves')
    await until(saved, { description: 'the snapshot was saved' })
    expect(valuesOf(await node.metrics(), 'aether.snapshot.loads')).toEqual({ 'ticker miss': 1 })
  }
  await using node = await open({ backend, actors: [Ticker] })
  await node.get(Ticker, 'a').tick()
  expect(valuesOf(await node.metrics(), 'aether.snapshot.loads')).toEqual({ 'ticker hit': 1 })
})

test('deliveries are counted by what became of them', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  await node.tell('account-a', 'open', { owner: 'A' })
  await node.tell('account-b', 'withdraw', { amount: 5 })
  const delivered = async (): Promise<unknown> => {
    expect(valuesOf(await node.metrics(), 'aether.deliveries')).toEqual({
      'account message executed': 1,
      'account message refused': 1,
    })
    return true
  }
  await until(delivered, { description: 'both were delivered' })
})

test('what is due and waits for a node is shown by nodes that deliver', async () => {
  const backend = memory()
  await using telling = await open({ backend, actors: [Account], limits: { deliveries: 0 } })
  for (const key of ['a', 'b']) await telling.tell(`account-${key}`, 'open', { owner: key })
  expect(valuesOf(await telling.metrics(), 'aether.deliveries.waiting')).toEqual({})
  await using node = await open({ backend, actors: [Account, Thing] })
  const waiting = async (): Promise<unknown> =>
    valuesOf(await node.metrics(), 'aether.deliveries.waiting')
  await until(async () => JSON.stringify(await waiting()) === '{"account":0,"thing":0}', {
    description: 'nothing waits',
  })
})

test('subscriptions are counted as long as they last', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  await node.get(Account, 'a').open({ owner: 'A' })
  for await (const _ of node.events.subscribe()) {
    expect(valuesOf(await node.metrics(), 'aether.subscriptions')).toEqual({ '': 1 })
    break
  }
  expect(valuesOf(await node.metrics(), 'aether.subscriptions')).toEqual({ '': 0 })
})

test('the bus is counted', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  const heard: string[] = []
  node.bus.subscribe({ stored: true }, ({ type }) => heard.push(type))
  await node.get(Account, 'a').open({ owner: 'A' })
  await until(() => heard.length > 0, { description: 'the notice came' })
  const metrics = await node.metrics()
  expect(valuesOf(metrics, 'aether.bus.published')).toEqual({ '': 1 })
  expect(valuesOf(metrics, 'aether.bus.received')).toEqual({ '': 1 })
  expect(valuesOf(metrics, 'aether.bus.subscriptions')).toEqual({ '': 1 })
  expect(valuesOf(metrics, 'aether.bus.dropped')).toEqual({ '': 0 })
  expect(valuesOf(metrics, 'aether.bus.errors')).toEqual({ '': 0 })
})
