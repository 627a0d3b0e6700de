import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Node, open, policy, type PolicyDefinition } from 'aether'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { testNode, VirtualClock } from 'aether/testing'
import { expect, onTestFinished, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { startNatsServer } from '../support/nats.ts'
import { until, untilHolds } from '../support/until.ts'
import { Order, Stock } from './shop.ts'

/** As many as are taken for an outage, and some. */
const keys = Array.from({ length: 24 }, (_, n) => `o-${n}`)

/** Calls somebody, who answers for some orders, or for none. */
class Caller {
  readonly answered: string[] = []
  readonly calls = new Map<string, number>()
  readonly refuses = new Set<string>()
  /** Who is refused only after a while. */
  readonly slow = new Set<string>()
  readonly policy: PolicyDefinition

  constructor(options: { readonly retries?: number; readonly maxParked?: number } = {}) {
    const on = {
      Paid: async ({ key }: { readonly key: string }): Promise<void> => {
        if (this.slow.has(key)) await nextTurn()
        this.call(key)
      },
    }
    this.policy = policy({ name: 'caller', actors: [Order], retryMs: 5, ...options, on })
  }

  call(key: string): void {
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1)
    if (this.refuses.has(key)) throw new Error(`nobody answers ${key}`)
    this.answered.push(key)
  }

  get callCount(): number {
    return [...this.calls.values()].reduce((sum, count) => sum + count, 0)
  }
}

async function pay(node: Node<typeof Order>, ...orders: readonly string[]): Promise<void> {
  for (const key of orders) await node.get(Order, key).pay({ cents: 1 })
}

async function statusOf(node: Node<typeof Order>) {
  const [status] = await node.projections()
  if (!status) throw new Error('no policy runs here')
  return status
}

/** What is stored shows before the node says so. */
async function untilLive(node: Node<typeof Order>, parked: number): Promise<void> {
  await untilHolds(
    async () => expect(await statusOf(node)).toMatchObject({ state: 'live', parked }),
    { description: 'it is live' },
  )
}

/** A node whose policy was told of these orders, and called somebody who answers for none of them. */
async function refused(orders: readonly string[]) {
  const caller = new Caller()
  const clock = new VirtualClock()
  const home = await testNode({ actors: [Order], policies: [caller.policy], clock })
  onTestFinished(() => home[Symbol.asyncDispose]())
  const { node, log } = home
  for (const key of orders) caller.refuses.add(key)
  await pay(node, ...orders)
  return { caller, clock, node, log }
}

/** Until it has given up on so many. */
async function untilParked(node: Node<typeof Order>, count: number): Promise<void> {
  await until(async () => (await statusOf(node)).parked === count, {
    description: `${count} are parked`,
  })
}

test('whoever it calls may be away for an hour: nobody is parked, it calls ever less, and goes on by itself', async () => {
  const { caller, clock, node, log } = await refused(keys)
  await clock.advance(3_600_000)
  expect(await statusOf(node)).toMatchObject({ state: 'failed', parked: 0 })
  // Each half minute, as many as it handles at a time, and who is held back.
  expect(caller.callCount).toBeLessThan(150 * keys.length)
  expect(log.entries.filter(({ level }) => level === 'error')).toHaveLength(1)
  caller.refuses.clear()
  await clock.advance(60_000)
  expect(caller.answered.toSorted()).toEqual(keys.toSorted())
  expect(await statusOf(node)).toMatchObject({ state: 'live', parked: 0, retrying: 0 })
})

test('where all that is known to fail does and something succeeds at times, they are parked and it is live', async () => {
  const { caller, clock, node, log } = await refused(keys)
  await clock.advance(60_000)
  const handle = node.projection(caller.policy)
  // Somebody could decide about any of them.
  const ids = keys.map((key) => `order-${key}`)
  expect((await handle.parked()).map(({ actorId }) => actorId).toSorted()).toEqual(ids.toSorted())
  const { error } = await statusOf(node)
  expect(error?.message).toMatch(
    /the last of order-o-\d+ at position \d+ with: nobody answers o-\d+$/,
  )
  // Once for each try that one has.
  for (let n = 0; n < 8; n++) {
    await pay(node, `good-${n}`)
    await clock.advance(60_000)
  }
  await untilLive(node, keys.length)
  expect(log.entries.filter(({ level }) => level === 'error').length).toBeLessThan(10)
})

test('the one that it stops for is listed at once, and skipped like any other', async () => {
  const { caller, clock, node } = await refused(keys.slice(0, 10))
  await until(async () => (await statusOf(node)).state === 'failed', { description: 'it stopped' })
  const handle = node.projection(caller.policy)
  const listed = await handle.parked()
  expect(listed).toHaveLength(10)
  for (const { actorId } of listed) expect(await handle.skip(actorId, 'a test order')).toBe(true)
  await clock.advance(60_000)
  await untilLive(node, 0)
})

test('commands that actors refuse, however many, are no outage', async () => {
  const asking = policy({
    name: 'asking',
    actors: [Order],
    retries: 0,
    on: {
      Paid: async ({ key }, { get }) => {
        await get(Stock, key).empty()
        await get(Stock, key).reserve({ order: key, count: 1 })
      },
    },
  })
  await using home = await testNode({ actors: [Order, Stock], policies: [asking] })
  const { node, log } = home
  for (const key of keys) await node.get(Order, key).pay({ cents: 1 })
  await until(async () => (await node.projection(asking).status()).parked === keys.length, {
    description: 'all are parked',
  })
  expect(log.entries.filter(({ level }) => level === 'error')).toEqual([])
})

/** All are parked, one after the other, while others succeed. */
async function parkAll(node: Node<typeof Order>, caller: Caller): Promise<void> {
  for (const key of keys) {
    caller.refuses.add(key)
    await pay(node, key, 'good')
    await node.projection(caller.policy).reached(await node.events.lastPosition())
  }
  await untilParked(node, keys.length)
}

test('a node that starts tries those once more who are parked, however many they are', async () => {
  const caller = new Caller({ retries: 0 })
  const backend = memory()
  const logger = new Logbook()
  const options = { backend, actors: [Order], policies: [caller.policy], logger }
  {
    await using node = await open(options)
    await parkAll(node, caller)
  }
  await using node = await open(options)
  const parked = () => node.projection(caller.policy).parked()
  await until(async () => (await parked()).every(({ tries }) => tries === 2), {
    description: 'all were tried once more',
  })
  await pay(node, 'late')
  await until(() => caller.answered.includes('late'), { description: 'others flow' })
  await untilLive(node, keys.length)
  expect([...caller.calls].filter(([key]) => keys.includes(key)).map(([, count]) => count)).toEqual(
    keys.map(() => 2),
  )
  expect(logger.entries.filter(({ level }) => level === 'error')).toEqual([])
})

test('events that can not be read hold back their actors, however many they are', async () => {
  const caller = new Caller({ retries: 0 })
  await using home = await testNode({ actors: [Order], policies: [caller.policy] })
  const { node, log } = home
  for (const key of keys)
    await node.events.append(`order-${key}`, [{ type: 'Paid', data: { cents: 'many' } }], {
      expectedVersion: 0,
    })
  await pay(node, 'good')
  await until(() => caller.answered.includes('good'), { description: 'others flow' })
  await untilParked(node, keys.length)
  expect(log.entries.filter(({ level }) => level === 'error')).toEqual([])
})

/** All of one part. */
const [first, second, third] = ['k4', 'k6', 'k7'] as const

test('where no more may be held back, it says once for whom there is no room, and goes on when it does', async () => {
  const caller = new Caller({ retries: 0, maxParked: 2 })
  for (const key of [first, second, third]) caller.refuses.add(key)
  // Others succeed before it fails again.
  caller.slow.add(third)
  const clock = new VirtualClock()
  await using home = await testNode({ actors: [Order], policies: [caller.policy], clock })
  const { node, log } = home
  for (const [index, key] of [first, second].entries()) {
    await pay(node, key)
    await untilParked(node, index + 1)
  }
  await pay(node, third)
  for (let n = 0; n < 8; n++) {
    await pay(node, `good-${n}`)
    await clock.advance(1_000)
  }
  expect(caller.calls.get(third)).toBeGreaterThan(2)
  const told = log.messages.filter((line) => /go on|goes on|k7/.test(line))
  expect(told).toEqual([
    "the policy caller can't go on: order-k7 failed at position 3 (nobody answers k7), and part 0 holds back as many as maxParked allows, 2: mend the cause and retry them, or skip some; or raise maxParked",
  ])
  caller.refuses.delete(third)
  await clock.advance(60_000)
  await untilLive(node, 2)
  expect(log.messages.filter((line) => line.includes('goes on'))).toHaveLength(1)
})

test('where no more may be held back, those who are tried again make room', async () => {
  const caller = new Caller({ retries: 0, maxParked: 2 })
  for (const key of [first, second, third]) caller.refuses.add(key)
  const server = await startNatsServer()
  onTestFinished(() => server.stop())
  await using node = await open({
    backend: nats({ servers: server.url, durability: 'trust' }),
    ...{ actors: [Order], policies: [caller.policy], logger: new Logbook() },
  })
  const handle = node.projection(caller.policy)
  for (const [index, key] of [first, second].entries()) {
    await pay(node, key)
    await untilParked(node, index + 1)
  }
  await pay(node, third)
  await until(async () => (await statusOf(node)).state === 'failed', { description: 'it stopped' })
  // Not all are mended.
  caller.refuses.delete(first)
  await handle.retryAll()
  const left = [`order-${second}`, `order-${third}`]
  await until(
    async () => {
      const parked = (await handle.parked()).map(({ actorId }) => actorId)
      return parked.toSorted().join() === left.join()
    },
    { description: 'the first is done, and the third is held back' },
  )
  await untilLive(node, 2)
})
