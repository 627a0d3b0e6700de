import { actor, type PrepareContext, reject } from 'aether'
import * as z from 'zod'
import { charge } from './card-provider.ts'

const cents = z.int().nonnegative()
const demand = z.object({ order: z.string(), cents, card: z.string() })

interface PaymentState {
  readonly status: 'new' | 'captured' | 'declined' | 'refunded'
  readonly order: string
  readonly cents: number
}

const first: PaymentState = { status: 'new', order: '', cents: 0 }

/** One attempt to get the money for an order. */
export const Payment = actor('payment', {
  state: first,
  events: {
    Captured: z.object({ order: z.string(), cents }),
    Declined: z.object({ order: z.string(), reason: z.string() }),
    Refunded: z.object({ reason: z.string() }),
  },
  evolve: {
    Captured: (_s, e) => ({ status: 'captured', ...e }),
    Declined: (s, e) => ({ ...s, status: 'declined', order: e.order }),
    Refunded: (s) => ({ ...s, status: 'refunded' }),
  },
  commands: {
    capture: {
      input: demand,
      // It may run again when the command is sent again, so the provider gets a key for it.
      prepare: (input: z.infer<typeof demand>, { actorId, signal }: PrepareContext) =>
        charge({ key: actorId, card: input.card, cents: input.cents }, signal),
      decide: (s, c, on, { prepared }) => {
        if (s.status !== 'new') return reject(`payment-is-${s.status}`)
        return prepared.approved
          ? on.Captured({ order: c.order, cents: c.cents })
          : on.Declined({ order: c.order, reason: prepared.reason })
      },
      reply: (s) => s.status,
    },
    refund: {
      input: z.object({ reason: z.string() }),
      decide: (s, c, on) =>
        s.status === 'captured' ? on.Refunded(c) : reject(`payment-is-${s.status}`),
    },
  },
})
