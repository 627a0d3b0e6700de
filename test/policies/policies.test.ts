import {
  type Backend,
  type Node,
  open,
  policy,
  type PolicyDefinition,
  type StoredEvent,
} from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { until } from '../support/until.ts'
import { Order, ReserveStock, Stock } from './shop.ts'

type Shop = Node<typeof Order | typeof Stock>

/** So long that no machine stalls for it by itself: who leaves gives its parts back at once. */
const leases = { leaseMs: 60_000, renewMs: 1_000 }

function openShop(backend: Backend, ...policies: readonly PolicyDefinition[]): Promise<Shop> {
  const limits = { commandTimeoutMs: 60_000 }
  const logger = new Logbook()
  return open({ backend, actors: [Order, Stock], policies, logger, limits, leases })
}

async function eventsOf(shop: Shop, type: string): Promise<readonly StoredEvent[]> {
  return Array.fromAsync(shop.events.readAll({ filter: { actorTypes: [type] } }))
}

async function stockEvents(shop: Shop, count: number): Promise<readonly StoredEvent[]> {
  return until(
    async () => {
      const events = await eventsOf(shop, 'stock')
      return events.length >= count ? events : undefined
    },
    { description: `${count} events of stock` },
  )
}

/** All that was stored up to now has been handled. */
async function caughtUp(shop: Shop, definition: PolicyDefinition): Promise<void> {
  const position = await shop.events.lastPosition()
  await shop.projection(definition).reached(position, { timeoutMs: 60_000 })
}

const line = (product: string, count = 1) => ({ product, count })

describe.each(backendKinds)('$name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('whenever something happens, what follows is done', async () => {
    await using shop = await openShop(source.fresh(), ReserveStock)
    await shop.get(Order, 'o-1').place({ lines: [line('lamp', 2), line('shade')] })
    const events = await stockEvents(shop, 2)
    expect(events.map(({ actorId, data }) => [actorId, data])).toEqual([
      ['stock-lamp', { order: 'o-1', count: 2 }],
      ['stock-shade', { order: 'o-1', count: 1 }],
    ])
  })

  test('what follows says what it follows from', async () => {
    await using shop = await openShop(source.fresh(), ReserveStock)
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const metadata = { correlationId: 'c-1', userId: 'u-1', traceparent, other: 'x' }
    const { events } = await shop.get(Order, 'o-1').place({ lines: [line('lamp')] }, { metadata })
    const [reserved] = await stockEvents(shop, 1)
    expect(reserved?.metadata).toEqual({
      correlationId: 'c-1',
      causationId: events[0]?.id,
      userId: 'u-1',
      traceparent,
      commandId: expect.stringMatching(/^reserve-stock:[0-9a-f]{32}$/) as string,
      commandDigest: expect.any(String) as string,
    })
  })

  test('a policy begins where it was first started, and misses nothing from then on', async () => {
    const backend = source.fresh()
    {
      await using shop = await openShop(backend)
      await shop.get(Order, 'before').place({ lines: [line('lamp')] })
    }
    {
      await using shop = await openShop(backend, ReserveStock)
      await until(async () => (await shop.projections())[0]?.state === 'live', {
        description: 'the policy has started',
      })
    }
    {
      await using shop = await openShop(backend)
      await shop.get(Order, 'between').place({ lines: [line('lamp')] })
    }
    await using shop = await openShop(backend, ReserveStock)
    await shop.get(Order, 'after').place({ lines: [line('lamp')] })
    const events = await stockEvents(shop, 2)
    const orders = events.map(({ data }) => (data as { order: string }).order)
    expect(orders.toSorted()).toEqual(['after', 'between'])
  })

  test('one that begins at the beginning reacts to all that ever happened', async () => {
    const backend = source.fresh()
    {
      await using shop = await openShop(backend)
      for (let n = 0; n < 50; n++)
        await shop.get(Order, `o-${n % 10}`).place({ lines: [line('lamp')] })
    }
    const all = policy({
      name: 'all',
      actors: [Order],
      startAt: 'beginning',
      on: {
        Placed: (_event, ctx) => void ctx.get(Stock, 'lamp').reserve({ order: 'x', count: 1 }),
      },
    })
    await using shop = await openShop(backend, all)
    await caughtUp(shop, all)
    await stockEvents(shop, 50)
  })

  test('events of one actor are handled in their order, of several at the same time', async () => {
    const seen = new Map<string, number[]>()
    const concurrency = 4
    let underWay = 0
    let most = 0
    // Nobody is done before so many are at it: slow writers would never have them meet.
    const full = Promise.withResolvers<void>()
    const watching = policy({
      name: 'watching',
      actors: [Order],
      concurrency,
      on: {
        Paid: async ({ key, data }) => {
          most = Math.max(most, ++underWay)
          if (underWay === concurrency) full.resolve()
          await full.promise
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 4))
          seen.set(key, [...(seen.get(key) ?? []), data.cents])
          underWay--
        },
      },
    })
    await using shop = await openShop(source.fresh(), watching)
    await until(async () => (await shop.projections())[0]?.state === 'live', {
      description: 'live',
    })
    const cents = Array.from({ length: 20 }, (_, n) => n)
    await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        for (const each of cents) await shop.get(Order, `o-${n}`).pay({ cents: each })
      }),
    )
    await caughtUp(shop, watching)
    expect([...seen.values()]).toEqual(Array.from({ length: 8 }, () => cents))
    expect(most).toBe(concurrency)
  })

  test('two members share the work, no event is missed, and one goes on alone', async () => {
    // The second one takes a share, and leaves it again.
    const takeOvers = 2
    const handled: { readonly by: string; readonly key: string; readonly cents: number }[] = []
    const noting = (by: string): PolicyDefinition =>
      policy({
        name: 'noting',
        actors: [Order],
        on: {
          Paid: async ({ key, data: { cents } }, { signal }) => {
            await new Promise((resolve) => setTimeout(resolve, 1))
            signal.throwIfAborted()
            handled.push({ by, key, cents })
          },
        },
      })
    const backend = source.fresh()
    const first = noting('first')
    await using shop = await openShop(backend, first)
    let cents = 0
    const payAll = async (): Promise<void> => {
      cents++
      await Promise.all(
        Array.from({ length: 16 }, (_, n) => shop.get(Order, `o-${n}`).pay({ cents })),
      )
    }
    {
      await using _second = await openShop(backend, noting('second'))
      await until(
        async () => {
          await payAll()
          return new Set(handled.slice(-16).map(({ by }) => by)).size === 2
        },
        { description: 'both work', timeoutMs: 60_000, intervalMs: 50 },
      )
    }
    for (let n = 0; n < 3; n++) await payAll()
    await caughtUp(shop, first)
    const all = Array.from({ length: cents }, (_, n) => n + 1)
    for (let n = 0; n < 16; n++) {
      const own = handled.filter(({ key }) => key === `o-${n}`)
      // A side effect is made at least once: who takes over may make it again, in the same order.
      const order = own.map((each) => each.cents)
      expect([...new Set(order)]).toEqual(all)
      const stepsBack = order.filter((each, index) => index > 0 && each <= (order[index - 1] ?? 0))
      expect(stepsBack.length).toBeLessThanOrEqual(takeOvers)
    }
    expect(new Set(handled.slice(-16).map(({ by }) => by))).toEqual(new Set(['first']))
  })
})

test('a handler may take out of its context what it needs', async () => {
  const reported: unknown[] = []
  const taking = policy({
    name: 'taking',
    actors: [Order],
    on: {
      Placed: async (_event, { name, get, tell, schedule, unschedule, state, transact }) => {
        await get(Stock, 'a').reserve({ order: 'x', count: 1 })
        await get(Stock, 'a').reserve({ order: 'x', count: 1 })
        await tell(get(Stock, 'b'), 'fill', { count: 1 })
        await schedule(get(Stock, 'a'), 'empty', undefined, { name: 'later', afterMs: 60_000 })
        await transact([get(Stock, 'a')], ([a]) => a.on.Filled({ count: a.state.left }))
        const { left } = (await state(get(Stock, 'a'))).state
        reported.push([name, left, await unschedule(get(Stock, 'a'), 'later')])
      },
    },
  })
  await using shop = await openShop(memory(), taking)
  await shop.get(Order, 'o').place({ lines: [] })
  await caughtUp(shop, taking)
  expect(reported).toEqual([['taking', 199_996, true]])
})
