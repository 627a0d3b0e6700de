import { actor, reject } from 'aether'
import * as z from 'zod'

const count = z.int().positive()
const order = z.string().min(1)

interface StockState {
  readonly onHand: number
  /** How many of them are put aside, by order. */
  readonly reserved: Readonly<Record<string, number>>
}

const empty: StockState = { onHand: 0, reserved: {} }

/** What there is of one product, and for which orders it is put aside. */
export const Stock = actor('stock', {
  state: empty,
  events: {
    Received: z.object({ count }),
    Reserved: z.object({ order, count }),
    Released: z.object({ order }),
    Shipped: z.object({ order }),
  },
  evolve: {
    Received: (s, e) => ({ ...s, onHand: s.onHand + e.count }),
    Reserved: (s, e) => ({ ...s, reserved: { ...s.reserved, [e.order]: e.count } }),
    Released: (s, e) => ({ ...s, reserved: without(s.reserved, e.order) }),
    Shipped: (s, e) => ({
      onHand: s.onHand - (s.reserved[e.order] ?? 0),
      reserved: without(s.reserved, e.order),
    }),
  },
  commands: {
    receive: { input: z.object({ count }), decide: (_s, c, on) => on.Received(c) },
    /** Puts aside what an order needs, together with the order: see `placeOrder`. */
    reserve: {
      internal: true,
      input: z.object({ order, count }),
      decide: (s, c, on) => {
        const available = availableOf(s)
        return available < c.count ? reject('out-of-stock', { available }) : on.Reserved(c)
      },
    },
    ship: {
      internal: true,
      input: z.object({ order }),
      decide: (s, c, on) =>
        Object.hasOwn(s.reserved, c.order) ? on.Shipped(c) : reject('not-reserved'),
    },
    /** May be sent more than once: what isn't put aside needs no release. */
    release: {
      internal: true,
      input: z.object({ order }),
      decide: (s, c, on) => (Object.hasOwn(s.reserved, c.order) ? on.Released(c) : undefined),
    },
  },
  queries: { available: { answer: availableOf } },
})

/** What is put aside for nobody. */
function availableOf({ onHand, reserved }: StockState): number {
  return Object.values(reserved).reduce((left, count) => left - count, onHand)
}

function without(reserved: StockState['reserved'], order: string): StockState['reserved'] {
  const { [order]: _, ...others } = reserved
  return others
}
