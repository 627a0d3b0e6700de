import { actor, reject } from 'aether'
import * as z from 'zod'

const amount = z.number().positive()

export const Account = actor('account', {
  state: { open: false, owner: '', balance: 0 },
  events: {
    Opened: z.object({ owner: z.string() }),
    Deposited: z.object({ amount }),
    Withdrawn: z.object({ amount }),
    TransferSent: z.object({ transfer: z.string(), to: z.string(), amount }),
    TransferReceived: z.object({ transfer: z.string(), from: z.string(), amount }),
  },
  evolve: {
    Opened: (s, e) => ({ ...s, open: true, owner: e.owner }),
    Deposited: (s, e) => ({ ...s, balance: s.balance + e.amount }),
    Withdrawn: (s, e) => ({ ...s, balance: s.balance - e.amount }),
    TransferSent: (s, e) => ({ ...s, balance: s.balance - e.amount }),
    TransferReceived: (s, e) => ({ ...s, balance: s.balance + e.amount }),
  },
  commands: {
    open: {
      input: z.object({ owner: z.string() }),
      decide: (s, c, on) => (s.open ? reject('already-open') : on.Opened({ owner: c.owner })),
    },
    deposit: {
      input: z.object({ amount }),
      decide: (s, c, on) => (s.open ? on.Deposited({ amount: c.amount }) : reject('not-open')),
    },
  },
})
