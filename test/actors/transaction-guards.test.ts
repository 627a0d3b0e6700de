import { actor, type Backend, type EventStore, open, reject } from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { laterTime } from '../support/later-time.ts'
import { watchedStore } from './watched-store.ts'

const cents = z.object({ cents: z.number() })
const PriceList = actor('prices', {
  state: { cents: 0 },
  events: { Set: cents },
  evolve: { Set: (_s, e) => ({ cents: e.cents }) },
  commands: { set: { input: cents, decide: (_s, c, on) => on.Set(c) } },
})
const Payer = actor('payer', {
  state: { paid: 0 },
  events: { Paid: z.object({ cents: z.number(), priceOf: z.number() }) },
  evolve: { Paid: (s, e) => ({ paid: s.paid + e.cents }) },
  commands: {},
})

async function openShop(backend: Backend, conflictRetries = 100) {
  const limits = { conflictRetries, commandTimeoutMs: 100_000 }
  return open({ backend, actors: [PriceList, Payer], limits })
}
type Shop = Awaited<ReturnType<typeof openShop>>

async function pay(shop: Shop, key: string, options = {}) {
  return shop.transact(
    [shop.get(Payer, key), shop.get(PriceList, 'main')],
    ([payer, prices]) =>
      prices.state.cents > 100
        ? reject('too-dear')
        : payer.on.Paid({ cents: prices.state.cents, priceOf: prices.version }),
    options,
  )
}

const setTo = (cents: number) => [{ type: 'Set', data: { cents } }]

/** A shop whose price is 10, and is set by another process when the first payment is on its way to the store. */
async function shopWith(newPrice: number): Promise<Shop> {
  let isSet = false
  const interfere = async (_: unknown, store: EventStore): Promise<void> => {
    if (isSet) return
    isSet = true
    await store.append('prices-main', setTo(newPrice), { expectedVersion: 1 })
  }
  const shop = await openShop(watchedStore('commit', interfere))
  await shop.get(PriceList, 'main').set({ cents: 10 })
  return shop
}

describe('an actor without an event in a decision over several', () => {
  test('is left as it is, and shown as the decision saw it', async () => {
    await using shop = await openShop(memory())
    await shop.get(PriceList, 'main').set({ cents: 10 })
    const [payer, prices] = await pay(shop, 'ann')
    expect(payer).toMatchObject({ version: 1, state: { paid: 10 } })
    expect(prices).toMatchObject({ version: 1, state: { cents: 10 }, events: [] })
    expect(prices.position).toBe(payer.position)
    expect((await shop.get(PriceList, 'main').set({ cents: 20 })).version).toBe(2)
  })

  test('may not have changed when the others are stored: else it is decided again', async () => {
    await using shop = await shopWith(20)
    const [payer, prices] = await pay(shop, 'ann')
    expect(payer).toMatchObject({ version: 1, state: { paid: 20 } })
    expect(prices).toMatchObject({ version: 2, state: { cents: 20 } })
    await using other = await shopWith(200)
    await expect(pay(other, 'ann')).rejects.toMatchObject({ rejection: 'too-dear' })
    expect(await other.events.latestVersion('payer-ann')).toBe(0)
  })

  test('may change in that moment where the caller wants it unguarded', async () => {
    await using shop = await shopWith(20)
    const [payer] = await pay(shop, 'ann', { unguarded: true })
    expect(payer).toMatchObject({ version: 1, state: { paid: 10 } })
    // What is known here of another process's doings is old: it is asked for all the same.
    const [again] = await pay(shop, 'ann', { unguarded: true })
    expect(again).toMatchObject({ version: 2, state: { paid: 30 } })
  })

  test('keeps nobody waiting who decides on it as well', async () => {
    const both = Promise.withResolvers<void>()
    let underWay = 0
    const meet = async (): Promise<void> => {
      if (++underWay === 2) both.resolve()
      await both.promise
    }
    await using shop = await openShop(watchedStore('commit', meet))
    await shop.get(PriceList, 'main').set({ cents: 10 })
    const paid = await Promise.all([pay(shop, 'ann'), pay(shop, 'bob')])
    expect(paid.map(([payer]) => payer.state.paid)).toEqual([10, 10])
  })

  test('may be changed here as well in that moment: then it is decided again, and it waits', async () => {
    const changes: Promise<{ readonly version: number }>[] = []
    const change = async (): Promise<void> => {
      const changing = shop.get(PriceList, 'main').set({ cents: 20 + changes.length })
      changes.push(changing)
      if (changes.length === 1) await changing
    }
    await using shop = await openShop(watchedStore('commit', change))
    await shop.get(PriceList, 'main').set({ cents: 10 })
    const [payer, prices] = await pay(shop, 'ann')
    expect(payer).toMatchObject({ version: 1, state: { paid: 20 } })
    expect(prices).toMatchObject({ version: 2, state: { cents: 20 } })
    expect((await Promise.all(changes)).map(({ version }) => version)).toEqual([2, 3])
  })

  test('is looked up again after a conflict that is the last to be tried', async () => {
    let isSet = false
    const interfere = async (_: unknown, store: EventStore): Promise<void> => {
      if (isSet) return
      isSet = true
      await store.append('prices-main', setTo(20), { expectedVersion: 1 })
    }
    await using shop = await openShop(watchedStore('commit', interfere), 0)
    await shop.get(PriceList, 'main').set({ cents: 10 })
    await expect(pay(shop, 'ann')).rejects.toMatchObject({ code: 'version-conflict' })
    expect((await pay(shop, 'ann'))[0]).toMatchObject({ state: { paid: 20 } })
  })

  test('waits where a conflict would be the end', async () => {
    let changing: Promise<{ readonly version: number }> | undefined
    const change = async (): Promise<void> => {
      changing = shop.get(PriceList, 'main').set({ cents: 20 })
      await Promise.race([changing, laterTime()])
    }
    await using shop = await openShop(watchedStore('commit', change), 0)
    await shop.get(PriceList, 'main').set({ cents: 10 })
    expect((await pay(shop, 'ann'))[0]).toMatchObject({ state: { paid: 10 } })
    expect(await changing).toMatchObject({ version: 2 })
  })

  test('stays what it was for the repeat of a decision, whatever became of it', async () => {
    await using shop = await openShop(memory())
    await shop.get(PriceList, 'main').set({ cents: 10 })
    const [first] = await pay(shop, 'ann', { commandId: 'p' })
    await shop.get(PriceList, 'main').set({ cents: 20 })
    expect((await pay(shop, 'ann', { commandId: 'p' }))[0]).toEqual(first)
  })
})

describe.each(backendKinds)('on $name, decisions of two nodes', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('rest on what holds at their place in the log', async () => {
    const backend = source.fresh()
    await using one = await openShop(backend)
    await using two = await openShop(backend)
    const shops = [one, two]
    const work = Array.from({ length: 60 }, async (_, n) => {
      const shop = shops[n % 2] as Shop
      if (n % 4 === 3) await shop.get(PriceList, 'main').set({ cents: n })
      else await pay(shop, `p${n % 6}`)
    })
    await Promise.all(work)
    let price = 0
    let paid = 0
    for await (const { type, version, data } of one.events.readAll()) {
      if (type === 'Set') price = version
      else expect(data).toMatchObject({ priceOf: price })
      if (type === 'Paid') paid++
    }
    expect(paid).toBe(45)
  })
})
