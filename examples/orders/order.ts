import { actor, reject } from 'aether'
import * as z from 'zod'

const cents = z.int().nonnegative()
const line = z.object({ product: z.string().min(1), count: z.int().positive(), price: cents })

export type Line = z.infer<typeof line>

interface OrderState {
  readonly status: 'new' | 'placed' | 'paid' | 'cancelled'
  readonly lines: readonly Line[]
  readonly total: number
}

const first: OrderState = { status: 'new', lines: [], total: 0 }

/** What a customer wants to have: placed, then paid or cancelled. */
export const Order = actor('order', {
  state: first,
  events: {
    Placed: z.object({ lines: z.array(line), total: cents }),
    Paid: z.object({ payment: z.string() }),
    Cancelled: z.object({ reason: z.string() }),
  },
  evolve: {
    Placed: (_s, e) => ({ status: 'placed', lines: e.lines, total: e.total }),
    Paid: (s) => ({ ...s, status: 'paid' }),
    Cancelled: (s) => ({ ...s, status: 'cancelled' }),
  },
  commands: {
    /** Only together with its stock: see `placeOrder`. */
    place: {
      internal: true,
      input: z.object({ lines: z.array(line).min(1) }),
      decide: (s, { lines }, on) => {
        if (s.status !== 'new') return reject('order-exists')
        const total = lines.reduce((sum, { count, price }) => sum + count * price, 0)
        return on.Placed({ lines, total })
      },
    },
    pay: {
      input: z.object({ payment: z.string(), cents }),
      decide: (s, c, on) => {
        if (s.status !== 'placed') return reject(`order-is-${s.status}`)
        if (c.cents !== s.total) return reject('wrong-amount', { total: s.total })
        return on.Paid({ payment: c.payment })
      },
    },
    cancel: {
      input: z.object({ reason: z.string() }),
      decide: (s, c, on) =>
        s.status === 'placed' ? on.Cancelled(c) : reject(`order-is-${s.status}`),
    },
    /** For a reminder, which may come too late: an order that is no longer unpaid stays as it is. */
    expire: {
      internal: true,
      decide: (s, _c, on) =>
        s.status === 'placed' ? on.Cancelled({ reason: 'unpaid' }) : undefined,
      reply: (s) => s.status,
    },
  },
})
