import { testNode } from 'aether/testing'
import { describe, expect, test, vi } from 'vitest'
import { Order } from './order.ts'
import { Payment } from './payment.ts'
import { policies } from './policies.ts'
import { actors, cancelOrder, expireOrder, payOrder, placeOrder, type Shop } from './shop.ts'
import { Stock } from './stock.ts'

const good = '4000 0000 0000 0002'
const bad = '4000 0000 0000 0000'
const lines = [
  { product: 'lamp', count: 2, price: 4_900 },
  { product: 'shade', count: 1, price: 1_500 },
]

async function opened() {
  const home = await testNode({ actors: [...actors], policies })
  for (const [product, count] of Object.entries({ lamp: 5, shade: 2 }))
    await home.node.get(Stock, product).receive({ count })
  return home
}

async function available(shop: Shop): Promise<number[]> {
  return Promise.all(['lamp', 'shade'].map((product) => shop.get(Stock, product).available()))
}

/** Also what is put aside: all that was not shipped. */
async function onHand(shop: Shop): Promise<number[]> {
  const looking = ['lamp', 'shade'].map((product) => shop.state(shop.get(Stock, product)))
  return (await Promise.all(looking)).map(({ state }) => state.onHand)
}

/** Asks again until it holds, also on a machine that has much else to do. */
function eventually(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 60_000 })
}

const statusOf = async (shop: Shop, id: string) =>
  (await shop.state(shop.get(Order, id))).state.status

describe('placing an order', () => {
  test('puts aside all that it needs, once, however often it is repeated', async () => {
    await using home = await opened()
    await Promise.all([placeOrder(home.node, 'o', lines), placeOrder(home.node, 'o', lines)])
    await home.restart()
    await placeOrder(home.node, 'o', lines)
    expect(await available(home.node)).toEqual([3, 1])
    expect((await home.node.state(home.node.get(Order, 'o'))).state).toEqual({
      status: 'placed',
      lines,
      total: 11_300,
    })
  })

  test('puts aside nothing where one product is short', async () => {
    await using home = await opened()
    const many = lines.map((line) => ({ ...line, count: 3 }))
    await expect(placeOrder(home.node, 'o', many)).rejects.toMatchObject({
      rejection: 'out-of-stock',
      actorId: 'stock-shade',
      details: { available: 2 },
    })
    expect(await available(home.node)).toEqual([5, 2])
    expect(await statusOf(home.node, 'o')).toBe('new')
  })

  test('is done once, also with other lines', async () => {
    await using home = await opened()
    await placeOrder(home.node, 'o', lines)
    const another = lines.map((line) => ({ ...line, count: 1 }))
    await expect(placeOrder(home.node, 'o', another)).rejects.toMatchObject({ code: 'id-reused' })
    expect(await available(home.node)).toEqual([3, 1])
  })

  test('never promises more than there is, to however many at once', async () => {
    await using home = await opened()
    const orders = Array.from({ length: 10 }, (_, i) => placeOrder(home.node, `o-${i}`, lines))
    const outcomes = await Promise.allSettled(orders)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(await available(home.node)).toEqual([1, 0])
  })
})

describe('paying an order', () => {
  test('is possible with another card after one was declined', async () => {
    await using home = await opened()
    await placeOrder(home.node, 'o', lines)
    expect(await payOrder(home.node, 'o', { payment: 'p', card: bad })).toBe('declined')
    for (const _time of [1, 2])
      expect(await payOrder(home.node, 'o', { payment: 'q', card: good })).toBe('paid')
    expect(await statusOf(home.node, 'o')).toBe('paid')
  })

  test('that was cancelled meanwhile gives the money back', async () => {
    await using home = await opened()
    await placeOrder(home.node, 'o', lines)
    await cancelOrder(home.node, 'o', 'changed my mind')
    for (const _time of [1, 2])
      expect(await payOrder(home.node, 'o', { payment: 'p', card: good })).toBe('refunded')
    expect((await home.node.state(home.node.get(Payment, 'p'))).state.status).toBe('refunded')
  })
})

describe('an order that comes to nothing', () => {
  test.each([
    ['cancelled', (shop: Shop) => cancelOrder(shop, 'o', 'changed my mind')],
    ['expired', (shop: Shop) => expireOrder(shop, 'o')],
  ])('because it was %s gives everything back, once', async (_how, end) => {
    await using home = await opened()
    await placeOrder(home.node, 'o', lines)
    for (const _time of [1, 2]) await end(home.node)
    await eventually(async () => expect(await available(home.node)).toEqual([5, 2]))
    expect(await statusOf(home.node, 'o')).toBe('cancelled')
  })

  test('is none that was paid in time', async () => {
    await using home = await opened()
    await placeOrder(home.node, 'o', lines)
    await payOrder(home.node, 'o', { payment: 'p', card: good })
    await expireOrder(home.node, 'o')
    await expect(cancelOrder(home.node, 'o', 'x')).rejects.toMatchObject({
      rejection: 'order-is-paid',
    })
    await eventually(async () => expect(await onHand(home.node)).toEqual([3, 1]))
    expect(await available(home.node)).toEqual([3, 1])
    expect(await statusOf(home.node, 'o')).toBe('paid')
  })
})

test('an order that stays unpaid is cancelled by its reminder; one that was paid is not', async () => {
  await using home = await opened()
  const [lamp] = lines.map((line) => ({ ...line, count: 1 }))
  for (const id of ['paid', 'unpaid']) await placeOrder(home.node, id, [lamp!])
  await payOrder(home.node, 'paid', { payment: 'p', card: good })
  await eventually(async () => expect(await home.node.reminders()).toHaveLength(2))
  await home.restart()
  await home.clock.advance(15 * 60_000 - 1)
  expect(await statusOf(home.node, 'unpaid')).toBe('placed')
  await home.clock.advance(1)
  await eventually(async () => expect(await statusOf(home.node, 'unpaid')).toBe('cancelled'))
  expect(await statusOf(home.node, 'paid')).toBe('paid')
  await eventually(async () => expect(await available(home.node)).toEqual([4, 2]))
})
