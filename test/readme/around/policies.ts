import { actor } from 'aether'
import * as z from 'zod'

export { Order } from './order.ts'

const order = z.object({ order: z.string() })

export const Stock = actor('stock', {
  state: {},
  events: { Reserved: order },
  evolve: { Reserved: (s) => s },
  commands: { reserve: { input: order, decide: (_s, c, on) => on.Reserved(c) } },
})

export declare const url: string
export declare const body: string
