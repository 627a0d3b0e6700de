import { actor, reject } from 'aether'
import * as z from 'zod'

/** An order that is cancelled unless it is paid in time, and can be made to fail. */
export const Order = actor('order', {
  state: { status: 'open', reasons: [] as string[], ticks: 0 },
  events: {
    Paid: z.object({}),
    Cancelled: z.object({ reason: z.string() }),
    Ticked: z.object({ now: z.number() }),
  },
  evolve: {
    Paid: (s) => ({ ...s, status: 'paid' }),
    Cancelled: (s, e) => ({ ...s, status: 'cancelled', reasons: [...s.reasons, e.reason] }),
    Ticked: (s) => ({ ...s, ticks: s.ticks + 1 }),
  },
  commands: {
    pay: { decide: (_s, _c, on) => on.Paid({}) },
    cancel: {
      input: z.object({ reason: z.string() }),
      decide: (s, { reason }, on) =>
        s.status === 'paid' ? reject('already-paid') : on.Cancelled({ reason }),
    },
    tick: { decide: (_s, _c, on, { now }) => on.Ticked({ now }) },
    flaky: {
      decide: (_s, _c, on, { now }) => {
        if (failing.times > 0) {
          failing.times--
          throw new Error('the warehouse is closed')
        }
        return on.Ticked({ now })
      },
    },
  },
})

/** How often `flaky` still fails. */
export const failing = { times: 0 }
