import { actor } from 'aether'
import * as z from 'zod'

const reason = z.object({ reason: z.string() })

export const Order = actor('order', {
  state: {},
  events: {
    Placed: z.object({ product: z.string() }),
    Paid: z.object({ product: z.string() }),
    Cancelled: reason,
  },
  evolve: { Placed: (s) => s, Paid: (s) => s, Cancelled: (s) => s },
  commands: {
    cancel: { input: reason, decide: (_s, c, on) => on.Cancelled(c) },
    remind: { decide: () => undefined },
  },
})
