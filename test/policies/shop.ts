import { actor, policy, type PolicyDefinition, reject } from 'aether'
import * as z from 'zod'

const count = z.int().positive()
const lines = z.array(z.object({ product: z.string(), count }))

export const Order = actor('order', {
  state: { placed: 0 },
  events: { Placed: z.object({ lines }), Paid: z.object({ cents: z.int() }), Seen: z.object({}) },
  evolve: { Placed: (s) => ({ placed: s.placed + 1 }), Paid: (s) => s, Seen: (s) => s },
  commands: {
    place: { input: z.object({ lines }), decide: (_s, c, on) => on.Placed(c) },
    pay: { input: z.object({ cents: z.int() }), decide: (_s, c, on) => on.Paid(c) },
    see: { decide: (_s, _c, on) => on.Seen({}) },
  },
})

/** Counts each reservation, so that one that is made twice shows. */
export const Stock = actor('stock', {
  state: { left: 100_000, reservations: [] as readonly string[] },
  events: {
    Reserved: z.object({ order: z.string(), count }),
    Emptied: z.object({}),
    Filled: z.object({ count }),
  },
  evolve: {
    Reserved: (s, e) => ({
      left: s.left - e.count,
      reservations: [...s.reservations, e.order].slice(-1_000),
    }),
    Emptied: (s) => ({ ...s, left: 0 }),
    Filled: (s, e) => ({ ...s, left: s.left + e.count }),
  },
  commands: {
    reserve: {
      input: z.object({ order: z.string(), count }),
      decide: (s, c, on) => (s.left < c.count ? reject('out-of-stock') : on.Reserved(c)),
    },
    empty: { decide: (_s, _c, on) => on.Emptied({}) },
    fill: { input: z.object({ count }), decide: (_s, c, on) => on.Filled(c) },
  },
  queries: { left: { answer: (s) => s.left } },
})

export const ReserveStock: PolicyDefinition = policy({
  name: 'reserve-stock',
  actors: [Order],
  retryMs: 5,
  on: {
    Placed: async (event, ctx) => {
      for (const { product, count } of event.data.lines)
        await ctx.get(Stock, product).reserve({ order: event.key, count })
    },
  },
})
