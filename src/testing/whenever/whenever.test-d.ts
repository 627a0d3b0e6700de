// Compiled, never run: each expected error is an error that a developer must get.
import { actor, policy, type PolicyDefinition } from 'aether'
import { whenever } from 'aether/testing'
import * as z from 'zod'

const Order = actor('order', {
  state: {},
  events: { Paid: z.object({ product: z.string() }) },
  evolve: { Paid: (s) => s },
  commands: { remind: { decide: () => undefined } },
})

const Stock = actor('stock', {
  state: { left: 0 },
  events: { Filled: z.object({ count: z.number() }) },
  evolve: { Filled: (s) => s },
  commands: {
    restock: { input: z.object({ count: z.number() }), decide: (_s, c, on) => on.Filled(c) },
  },
})

const ShipPaid = policy({ name: 'ship-paid', actors: [Order], on: { Paid: () => {} } })
const untyped: PolicyDefinition = ShipPaid

export async function specifications(): Promise<void> {
  const ordered = whenever(ShipPaid, { actors: [Stock] })
  ordered.given(Stock, 'lamp', (on) => [on.Filled({ count: 1 })])
  // @ts-expect-error a stock has no such event
  ordered.given(Stock, 'lamp', (on) => on.Paid({ product: 'lamp' }))
  // @ts-expect-error the data are wrong
  await ordered.event(Order, 'o', (on) => on.Paid({ product: 1 }))
  // @ts-expect-error the policy does not read this actor
  await ordered.event(Stock, 'lamp', (on) => on.Filled({ count: 1 }))
  // @ts-expect-error it handles one event at a time
  await ordered.event(Order, 'o', (on) => [on.Paid({ product: 'lamp' })])
  await whenever(untyped).event(Stock, 'lamp', (on) => on.Filled({ count: 1 }))
  // @ts-expect-error it takes a while
  ordered.event(Order, 'o', (on) => on.Paid({ product: 'lamp' })).thenNothing()
  const reacted = await ordered.event(Order, 'o', (on) => on.Paid({ product: 'lamp' }))
  reacted.thenDoes((it) => [
    it.get(Stock, 'lamp').restock({ count: 1 }),
    it.tell(it.get(Order, 'o'), 'remind'),
    it.schedule(it.get(Order, 'o'), 'remind', undefined, { name: 'later', afterMs: 5 }),
    it.unschedule(it.get(Order, 'o'), 'later'),
    it.transact([it.get(Order, 'o'), it.get(Stock, 'lamp')]),
  ])
  // @ts-expect-error no command of this name
  reacted.thenDoes((it) => it.get(Stock, 'lamp').empty())
  // @ts-expect-error the input is wrong
  reacted.thenDoes((it) => it.tell(it.get(Stock, 'lamp'), 'restock', { count: '1' }))
  // @ts-expect-error the input is missing
  reacted.thenDoes((it) => it.get(Stock, 'lamp').restock())
  // @ts-expect-error a reminder has a name
  reacted.thenDoes((it) => it.schedule(it.get(Order, 'o'), 'remind', undefined, { afterMs: 5 }))
}
