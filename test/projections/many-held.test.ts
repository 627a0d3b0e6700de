import { type Node, open, view } from 'aether'
import { memory } from 'aether/memory'
import { beforeEach, expect, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { until, untilHolds } from '../support/until.ts'
import { Account } from './bank.ts'

/** As many as are taken for an outage, and some. */
const keys = Array.from({ length: 12 }, (_, n) => `a-${n}`)

/** Whose deposits it doesn't like. */
const poison = new Set<string>()
beforeEach(() => poison.clear())

const Sums = view({
  name: 'sums',
  actors: [Account],
  parts: 1,
  retries: 0,
  maxParked: keys.length + 1,
  state: 0,
  on: {
    Deposited: (sum, { key, data }) => {
      if (poison.has(key)) throw new Error(`${key} is poisoned`)
      return sum + data.amount
    },
  },
})

async function deposit(node: Node<typeof Account>, key: string): Promise<void> {
  await node.get(Account, key).deposit({ amount: 1 })
}

const stored = async (node: Node<typeof Account>) =>
  node.projection(Sums).reached(await node.events.lastPosition())

async function parkAll(node: Node<typeof Account>): Promise<void> {
  for (const key of keys) {
    poison.add(key)
    await deposit(node, key)
    await stored(node)
    await deposit(node, 'good')
    await stored(node)
  }
}

test('many who are parked are tried once more by a node that starts, and keep nobody up', async () => {
  const logger = new Logbook()
  const options = { backend: memory(), actors: [Account], projections: [Sums], logger }
  {
    await using node = await open(options)
    await parkAll(node)
  }
  await using node = await open(options)
  const handle = node.projection(Sums)
  await until(async () => (await handle.parked()).every(({ tries }) => tries === 2), {
    description: 'all were tried once more',
  })
  poison.add('b')
  await deposit(node, 'b')
  await deposit(node, 'good')
  expect((await stored(node)).heldBack).toHaveLength(keys.length + 1)
  expect(await node.view(Sums).get('good')).toBe(keys.length + 1)
  expect(logger.entries.filter(({ level }) => level === 'error')).toEqual([])
})

test('where no more may be held back, those who are tried again make room', async () => {
  const logger = new Logbook()
  await using node = await open({
    ...{ backend: memory(), actors: [Account], projections: [Sums], logger },
  })
  await parkAll(node)
  const handle = node.projection(Sums)
  for (const key of ['b', 'c']) {
    poison.add(key)
    await deposit(node, key)
  }
  await until(async () => (await handle.status()).state === 'failed', {
    description: 'there is no room',
  })
  const { error } = await handle.status()
  expect(error?.message).toMatch(
    /^account-c failed at position \d+ \(c is poisoned\), and part 0 holds back as many as maxParked allows, 13: mend/,
  )
  expect(logger.messages.filter((line) => line.startsWith('account-c'))).toEqual([])
  // Not all are mended.
  poison.delete('a-0')
  expect(await handle.retryAll()).toHaveLength(keys.length + 1)
  await stored(node)
  expect(await node.view(Sums).get('a-0')).toBe(1)
  const parked = (await handle.parked()).map(({ actorId }) => actorId)
  expect(parked).not.toContain('account-a-0')
  expect(parked).toContain('account-c')
})

test('many that fail one after the other keep nobody up: all are listed, parked, and can be skipped', async () => {
  const logger = new Logbook()
  await using node = await open({
    ...{ backend: memory(), actors: [Account], projections: [Sums], logger },
  })
  const handle = node.projection(Sums)
  for (const key of keys) {
    poison.add(key)
    await deposit(node, key)
    await stored(node)
  }
  await deposit(node, 'good')
  const all = keys.map((key) => `account-${key}`)
  expect((await stored(node)).heldBack.toSorted()).toEqual(all.toSorted())
  expect(await node.view(Sums).get('good')).toBe(1)
  const held = { state: 'live', parked: keys.length, retrying: 0 }
  await untilHolds(async () => expect(await handle.status()).toMatchObject(held), {
    description: 'it is live',
  })
  // It isn't told of each: a bug may lie in all.
  expect(logger.messages.filter((line) => line.includes('is parked'))).toHaveLength(10)
  expect(logger.messages.join()).toContain('has failed for 10 actors one after the other')
  for (const actorId of all) expect(await handle.skip(actorId, 'counted elsewhere')).toBe(true)
  await until(async () => (await handle.parked()).length === 0, { description: 'all are free' })
})
