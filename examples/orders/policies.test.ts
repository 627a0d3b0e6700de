import type { PolicyDefinition } from 'aether'
import { whenever } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import { Order } from './order.ts'
import { ExpireUnpaid, GiveBack, ShipPaid } from './policies.ts'
import { Stock } from './stock.ts'

const lines = [
  { product: 'lamp', count: 2, price: 4_900 },
  { product: 'shade', count: 1, price: 1_500 },
]

/** An order of two products, and that they were put aside for it. */
const placed = (policy: PolicyDefinition<typeof Order>) =>
  whenever(policy)
    .given(Order, 'o', (on) => on.Placed({ lines, total: 11_300 }))
    .given(Stock, 'lamp', (on) => [
      on.Received({ count: 5 }),
      on.Reserved({ order: 'o', count: 2 }),
    ])
    .given(Stock, 'shade', (on) => [
      on.Received({ count: 2 }),
      on.Reserved({ order: 'o', count: 1 }),
    ])

test('an order that was placed expires after a quarter of an hour', async () => {
  const reacted = await whenever(ExpireUnpaid)
    .given(Order, 'o', () => [])
    .event(Order, 'o', (on) => on.Placed({ lines, total: 11_300 }))
  reacted.thenDoes((it) =>
    it.schedule(it.get(Order, 'o'), 'expire', undefined, { name: 'unpaid', afterMs: 900_000 }),
  )
  await reacted.thenSameAgain()
})

describe('an order that was paid', () => {
  const paid = () =>
    placed(ShipPaid).event(Order, 'o', (on) => on.Paid({ payment: 'p' }), {
      metadata: { userId: 'alice' },
    })

  test('is shipped, each product once, for whoever paid', async () => {
    const reacted = await paid()
    reacted.thenDoes((it) => [
      it.get(Stock, 'lamp').ship({ order: 'o' }),
      it.get(Stock, 'shade').ship({ order: 'o' }),
    ])
    await reacted.thenSameAgain()
    for (const { metadata } of reacted.steps) expect(metadata).toMatchObject({ userId: 'alice' })
  })

  test('waits where a product is not put aside for it', async () => {
    const reacted = await whenever(ShipPaid)
      .given(Order, 'o', (on) => on.Placed({ lines, total: 11_300 }))
      .given(Stock, 'lamp', (on) => on.Received({ count: 5 }))
      .event(Order, 'o', (on) => on.Paid({ payment: 'p' }))
    reacted
      .thenHeldBack('not-reserved')
      .thenDoes((it) => it.get(Stock, 'lamp').ship({ order: 'o' }))
  })
})

test('an order that was cancelled gives back what was put aside', async () => {
  const reacted = await placed(GiveBack).event(Order, 'o', (on) => on.Cancelled({ reason: 'x' }))
  reacted.thenDoes((it) => [
    it.get(Stock, 'lamp').release({ order: 'o' }),
    it.get(Stock, 'shade').release({ order: 'o' }),
  ])
  await reacted.thenSameAgain()
})
