import { AetherError, type Backend, type Node, open, policy, type PolicyDefinition } from 'aether'
import { memory } from 'aether/memory'
import { testNode, VirtualClock } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { until, untilHolds } from '../support/until.ts'
import { Order, Stock } from './shop.ts'

type Shop = Node<typeof Order | typeof Stock>

function openShop(backend: Backend, ...policies: readonly PolicyDefinition[]): Promise<Shop> {
  return open({ backend, actors: [Order, Stock], policies, logger: new Logbook() })
}

async function statusOf(shop: Shop) {
  const [status] = await shop.projections()
  if (!status) throw new Error('no policy runs here')
  return status
}

/** Handles payments as long as they are not poisoned, and notes those that it has handled. */
class Till {
  readonly handled: string[] = []
  readonly tried: string[] = []
  poisoned = new Set<string>()

  readonly policy: PolicyDefinition = policy({
    name: 'till',
    actors: [Order],
    retries: 2,
    retryMs: 5,
    on: { Paid: (event) => this.take(event) },
  })

  take({ key, data }: { readonly key: string; readonly data: { readonly cents: number } }): void {
    const what = `${key}/${data.cents}`
    this.tried.push(what)
    if (this.poisoned.has(what)) throw new Error(`${what} is poisoned`)
    this.handled.push(what)
  }

  of(key: string): readonly string[] {
    return this.handled.filter((what) => what.startsWith(`${key}/`))
  }

  async has(count: number): Promise<void> {
    await until(() => this.handled.length >= count, { description: `${count} are handled` })
  }
}

async function pay(shop: Shop, keys: readonly string[], cents: readonly number[]): Promise<void> {
  for (const each of cents) for (const key of keys) await shop.get(Order, key).pay({ cents: each })
}

describe('an event that fails', () => {
  test('is tried again, and those behind it of its actor wait, while all others go on', async () => {
    const till = new Till()
    till.poisoned.add('a/2')
    const patient = patientWith(till)
    await using shop = await openShop(memory(), patient)
    await pay(shop, ['a', 'b'], [1, 2, 3])
    await till.has(4)
    await until(() => till.tried.filter((what) => what === 'a/2').length >= 3, {
      description: 'it was tried three times',
    })
    expect(till.of('a')).toEqual(['a/1'])
    expect(till.of('b')).toEqual(['b/1', 'b/2', 'b/3'])
    await untilHolds(
      async () =>
        expect(await statusOf(shop)).toMatchObject({ retrying: 1, parked: 0, state: 'live' }),
      { description: 'it is live' },
    )
    await pay(shop, ['a', 'b'], [4])
    till.poisoned.clear()
    await till.has(8)
    expect(till.of('a')).toEqual(['a/1', 'a/2', 'a/3', 'a/4'])
    await until(async () => (await statusOf(shop)).retrying === 0, { description: 'it is free' })
    await pay(shop, ['a'], [5])
    await till.has(9)
    expect(till.handled).toHaveLength(9)
  })

  test('is parked after so many tries, with its cause, also for those who come later', async () => {
    const till = new Till()
    till.poisoned.add('a/2')
    const backend = memory()
    {
      await using shop = await openShop(backend, till.policy)
      await pay(shop, ['a', 'b'], [1, 2, 3])
      await until(async () => (await statusOf(shop)).parked === 1, { description: 'it is parked' })
      expect(till.tried.filter((what) => what === 'a/2')).toHaveLength(3)
    }
    await using shop = await openShop(backend, till.policy)
    await pay(shop, ['a', 'b'], [4])
    await shop.projection(till.policy).reached(await shop.events.lastPosition())
    // Who takes over tries it once more, as its code may be another.
    await until(async () => (await shop.projection(till.policy).parked())[0]?.tries === 4, {
      description: 'it was tried once more',
    })
    await untilHolds(
      async () =>
        expect(await statusOf(shop)).toMatchObject({ parked: 1, retrying: 0, state: 'live' }),
      { description: 'it is live' },
    )
    expect(till.of('a')).toEqual(['a/1'])
    expect(till.of('b')).toEqual(['b/1', 'b/2', 'b/3', 'b/4'])
    expect(till.tried.filter((what) => what === 'a/2')).toHaveLength(4)
    const handle = shop.projection(till.policy)
    expect(await handle.parked()).toMatchObject([
      { actorId: 'order-a', type: 'Paid', version: 2, cause: { message: 'a/2 is poisoned' } },
    ])
    till.poisoned.clear()
    expect(await handle.retry('order-a')).toBe(true)
    await till.has(8)
    expect(till.of('a')).toEqual(['a/1', 'a/2', 'a/3', 'a/4'])
    await until(async () => (await handle.parked()).length === 0, { description: 'it is free' })
    await pay(shop, ['a', 'b'], [5])
    await till.has(10)
    expect(till.handled).toHaveLength(10)
  })

  test('was parked, and is not parked again by the first trouble of whoever takes over', async () => {
    const till = new Till()
    till.poisoned.add('a/1')
    const backend = memory()
    {
      await using shop = await openShop(backend, till.policy)
      await pay(shop, ['a'], [1])
      await until(async () => (await statusOf(shop)).parked === 1, { description: 'it is parked' })
    }
    const mended = new Till()
    let busy = 2
    const another = policy({
      ...{ name: 'till', actors: [Order], retries: 2, retryMs: 5 },
      on: {
        Paid: (event) => {
          if (busy-- > 0) throw new Error('all are busy')
          mended.take(event)
        },
      },
    })
    await using shop = await openShop(backend, another)
    await mended.has(1)
    await until(async () => (await statusOf(shop)).retrying === 0, { description: 'it is free' })
    expect(await shop.projection(another).parked()).toEqual([])
  })

  test('as others were faster is never parked', async () => {
    const till = new Till()
    let lost = 10
    const racing = policy({
      ...{ name: 'racing', actors: [Order], retries: 2, retryMs: 1 },
      on: {
        Paid: (event) => {
          if (lost-- > 0) throw new AetherError('version-conflict', 'somebody was faster')
          till.take(event)
        },
      },
    })
    await using shop = await openShop(memory(), racing)
    await pay(shop, ['a'], [1])
    await till.has(1)
    await until(async () => (await statusOf(shop)).retrying === 0, { description: 'it is free' })
    expect(await shop.projection(racing).parked()).toEqual([])
  })

  test('can be skipped with a reason; what is behind it is handled', async () => {
    const till = new Till()
    till.poisoned.add('a/2')
    await using shop = await openShop(memory(), till.policy)
    await pay(shop, ['a', 'b'], [1, 2, 3])
    await until(async () => (await statusOf(shop)).parked === 1, { description: 'it is parked' })
    expect(await shop.projection(till.policy).skip('order-a', 'a test')).toBe(true)
    await till.has(5)
    await pay(shop, ['a', 'b'], [4])
    await till.has(7)
    expect(till.of('a')).toEqual(['a/1', 'a/3', 'a/4'])
    expect(await statusOf(shop)).toMatchObject({ parked: 0, retrying: 0 })
  })

  test('can be skipped while it is being tried, and is not held back for failing after that', async () => {
    const tried: number[] = []
    const late = Promise.withResolvers<void>()
    const slow = policy({
      ...{ name: 'slow', actors: [Order], retries: 1_000, retryMs: 5 },
      on: {
        Paid: async ({ data: { cents } }) => {
          tried.push(cents)
          if (cents !== 1) return
          if (tried.length === 2) await late.promise
          throw new Error('nobody answered')
        },
      },
    })
    await using shop = await openShop(memory(), slow)
    await pay(shop, ['a'], [1, 2])
    await until(() => tried.length === 2, { description: 'it is tried again' })
    expect(await shop.projection(slow).skip('order-a', 'a test')).toBe(true)
    late.resolve()
    await until(() => tried.length > 2, { description: 'something is tried' })
    await until(async () => (await statusOf(shop)).retrying === 0, { description: 'it is free' })
    expect(tried).toEqual([1, 1, 2])
  })

  test('is not forgotten for one behind it that can not be read', async () => {
    const till = new Till()
    const begun = Promise.withResolvers<void>()
    const broken = Promise.withResolvers<void>()
    const waiting = policy({
      ...{ name: 'waiting', actors: [Order], retries: 0 },
      on: {
        Paid: async (event) => {
          begun.resolve()
          await broken.promise
          till.take(event)
        },
      },
    })
    till.poisoned.add('a/1')
    await using shop = await openShop(memory(), waiting)
    await pay(shop, ['a'], [1])
    await begun.promise
    // What this node stores is taken in before it resolves.
    await shop.events.append('order-a', [{ type: 'Paid', data: { cents: 'many' } }], {
      expectedVersion: 1,
    })
    broken.resolve()
    await until(async () => (await statusOf(shop)).parked === 1, { description: 'it is parked' })
    expect(await shop.projection(waiting).parked()).toMatchObject([{ version: 1 }])
  })
})

test('what failed is tried again in time where the clock was set back', async () => {
  class ClockOnTheWall extends VirtualClock {
    setBackMs = 0

    override now(): number {
      return super.now() - this.setBackMs
    }
  }
  const till = new Till()
  till.poisoned.add('a/1')
  const clock = new ClockOnTheWall()
  await using home = await testNode({ actors: [Order, Stock], policies: [till.policy], clock })
  await pay(home.node, ['a'], [1])
  await clock.advance(0)
  expect(till.tried).toEqual(['a/1'])
  till.poisoned.clear()
  clock.setBackMs = 3_600_000
  await clock.advance(30)
  expect(till.handled).toEqual(['a/1'])
})

test('a command that is refused is tried again: what it waits for may happen', async () => {
  await using shop = await openShop(
    memory(),
    policy({
      ...{ name: 'reserve', actors: [Order], retries: 1_000, retryMs: 5 },
      on: {
        Placed: async (event, ctx) => {
          for (const { product, count } of event.data.lines)
            await ctx.get(Stock, product).reserve({ order: event.key, count })
        },
      },
    }),
  )
  await shop.get(Stock, 'shade').empty()
  const lines = [
    { product: 'lamp', count: 1 },
    { product: 'shade', count: 1 },
  ]
  await shop.get(Order, 'o').place({ lines })
  await until(async () => (await statusOf(shop)).retrying === 1, { description: 'it is refused' })
  await shop.get(Stock, 'shade').fill({ count: 5 })
  await until(async () => (await statusOf(shop)).retrying === 0, { description: 'it succeeded' })
  // The lamp was reserved by the first try, and by no other.
  expect([await shop.get(Stock, 'lamp').left(), await shop.get(Stock, 'shade').left()]).toEqual([
    99_999, 4,
  ])
})

test('a handler can say what a refusal leads to', async () => {
  const refused: string[] = []
  const asking = policy({
    name: 'asking',
    actors: [Order],
    on: {
      Placed: async (event, ctx) => {
        try {
          await ctx.get(Stock, 'lamp').reserve({ order: event.key, count: 1 })
        } catch (error) {
          refused.push((error as { rejection: string }).rejection)
        }
      },
    },
  })
  await using shop = await openShop(memory(), asking)
  await shop.get(Stock, 'lamp').empty()
  await shop.get(Order, 'o').place({ lines: [] })
  await until(() => refused.length > 0, { description: 'it was refused' })
  await shop.projection(asking).reached(await shop.events.lastPosition())
  expect(refused).toEqual(['out-of-stock'])
  expect(await statusOf(shop)).toMatchObject({ retrying: 0, parked: 0 })
})

test('where one after the other fails, the policy stops, says so, and goes on by itself', async () => {
  const till = new Till()
  const keys = Array.from({ length: 40 }, (_, n) => `o-${n}`)
  for (const key of keys) till.poisoned.add(`${key}/1`)
  const patient = patientWith(till)
  await using shop = await openShop(memory(), patient)
  await pay(shop, keys, [1])
  await until(async () => (await statusOf(shop)).state === 'failed', { description: 'it stopped' })
  expect((await statusOf(shop)).error).toMatchObject({ code: 'reader-stopped' })
  till.poisoned.clear()
  await until(async () => (await statusOf(shop)).state === 'live', { description: 'it goes on' })
  await till.has(40)
  await shop.projection(patient).reached(await shop.events.lastPosition())
  expect(new Set(till.handled).size).toBe(40)
})

test('closing aborts the signal of handlers under way, and blames no event', async () => {
  const backend = memory()
  const begun = Promise.withResolvers<void>()
  let calls = 0
  const waiting = policy({
    name: 'waiting',
    actors: [Order],
    on: {
      Seen: async (_event, { signal }) => {
        calls++
        begun.resolve()
        if (calls === 1) await new Promise((_, reject) => signal.addEventListener('abort', reject))
      },
    },
  })
  {
    await using shop = await openShop(backend, waiting)
    await shop.get(Order, 'o').see()
    await begun.promise
  }
  await using shop = await openShop(backend, waiting)
  await shop.projection(waiting).reached(await shop.events.lastPosition())
  expect(calls).toBe(2)
  expect(await statusOf(shop)).toMatchObject({ retrying: 0, parked: 0 })
})

test('what was done is not done again after a restart, also behind one that takes long', async () => {
  const backend = memory()
  const handled: string[] = []
  const slow = policy({
    name: 'slow',
    actors: [Order],
    on: {
      Seen: async ({ key }, { signal }) => {
        handled.push(key)
        if (key === 'slow' && handled.filter((each) => each === 'slow').length === 1)
          await new Promise((_, reject) => signal.addEventListener('abort', reject))
      },
    },
  })
  {
    await using shop = await openShop(backend, slow)
    for (const key of ['slow', 'a', 'b', 'c', 'd']) await shop.get(Order, key).see()
    await until(() => handled.length === 5, { description: 'all others are handled' })
  }
  await using shop = await openShop(backend, slow)
  await shop.projection(slow).reached(await shop.events.lastPosition())
  expect(handled.toSorted()).toEqual(['a', 'b', 'c', 'd', 'slow', 'slow'])
})

test('a policy has an idempotency key for each event, the same each time', async () => {
  const keys: string[] = []
  let isBroken = true
  const mailing = policy({
    name: 'mailing',
    actors: [Order],
    retryMs: 5,
    on: {
      Seen: (_event, { idempotencyKey }) => {
        keys.push(idempotencyKey)
        if (isBroken) throw new Error('the mail server is away')
      },
    },
  })
  await using shop = await openShop(memory(), mailing)
  await shop.get(Order, 'o').see()
  await until(() => keys.length >= 2, { description: 'it was tried twice' })
  isBroken = false
  await until(async () => (await statusOf(shop)).retrying === 0, { description: 'it succeeded' })
  expect(new Set(keys).size).toBe(1)
  const tries = keys.length
  await shop.get(Order, 'o').see()
  await shop.get(Order, 'p').see()
  await until(() => keys.length === tries + 2, { description: 'all are handled' })
  expect(new Set(keys).size).toBe(3)
})

test.each<[string, () => unknown, RegExp]>([
  ['a name that is none', () => policy({ ...base, name: 'A b' }), /name/],
  ['an unknown event', () => policy({ ...base, on: { Gone: () => {} } as never }), /Gone/],
  ['a handler that is none', () => policy({ ...base, on: { Seen: 7 } as never }), /on\.Seen/],
  ['a start that is none', () => policy({ ...base, startAt: 'then' as never }), /startAt/],
  ['no concurrency', () => policy({ ...base, concurrency: 0 }), /concurrency/],
])('%s is no definition', (_what, define, message) => {
  expect(define).toThrow(expect.objectContaining({ code: 'invalid-definition' }) as Error)
  expect(define).toThrow(message)
})

const base = { name: 'some', actors: [Order], on: {} }

/** It never parks an actor. */
function patientWith(till: Till): PolicyDefinition {
  return policy({
    name: 'patient',
    actors: [Order],
    retries: 1_000,
    retryMs: 5,
    on: { Paid: (event) => till.take(event) },
  })
}
