import { actor, reject } from 'aether'
import * as z from 'zod'

export { Order } from './order.ts'

const order = z.object({ order: z.string() })

export const Stock = actor('stock', {
  state: { left: 0 },
  events: { Reserved: order },
  evolve: { Reserved: (s) => s },
  commands: {
    reserve: {
      input: order,
      decide: (s, c, on) => (s.left > 0 ? on.Reserved(c) : reject('out-of-stock')),
    },
  },
})

export declare const url: string
export declare const body: string
