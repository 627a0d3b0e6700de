import { policy, type PolicyContext, view } from 'aether'
import { Order } from './order.ts'
import { Stock } from './stock.ts'

/** How long an order may stay unpaid. */
const payWithinMs = 15 * 60_000

/** An order that was placed expires, unless it is paid by then. */
export const ExpireUnpaid = policy({
  name: 'expire-unpaid',
  actors: [Order],
  on: {
    Placed: ({ key }, ctx) =>
      ctx.schedule(ctx.get(Order, key), 'expire', undefined, {
        name: 'unpaid',
        afterMs: payWithinMs,
      }),
  },
})

/** A paid order is shipped. */
export const ShipPaid = policy({
  name: 'ship-paid',
  actors: [Order],
  on: {
    Paid: async ({ key }, ctx) => {
      for (const product of await productsOf(key, ctx))
        await ctx.get(Stock, product).ship({ order: key })
    },
  },
})

/** What a cancelled order had put aside is there for others again, whoever cancelled it. */
export const GiveBack = policy({
  name: 'give-back',
  actors: [Order],
  on: {
    Cancelled: async ({ key }, ctx) => {
      for (const product of await productsOf(key, ctx))
        await ctx.get(Stock, product).release({ order: key })
    },
  },
})

/** What an order consists of never changes, so it is the same whenever it is asked for. */
async function productsOf(order: string, ctx: PolicyContext): Promise<readonly string[]> {
  const { state } = await ctx.state(ctx.get(Order, order))
  return state.lines.map(({ product }) => product)
}

/** Orders that are neither paid nor cancelled, and what they cost. */
export const OpenOrders = view({
  name: 'open-orders',
  actors: [Order],
  state: { total: 0 },
  on: {
    Placed: (_order, { data: { total } }) => ({ total }),
    Paid: () => undefined,
    Cancelled: () => undefined,
  },
})

export const policies = [ExpireUnpaid, ShipPaid, GiveBack]
