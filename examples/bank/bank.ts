import { actor, reject } from 'aether'
import * as z from 'zod'

const amount = z.number().positive()
const transfer = z.string().min(1)
const account = z.string().min(1)

export const Account = actor('account', {
  state: { open: false, owner: '', balance: 0 },
  events: {
    Opened: z.object({ owner: z.string() }),
    Deposited: z.object({ amount }),
    Withdrawn: z.object({ amount }),
    TransferSent: z.object({ transfer, to: account, amount }),
    TransferReceived: z.object({ transfer, from: account, amount }),
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
      decide: (_, c, on) => on.Deposited({ amount: c.amount }),
    },
    withdraw: {
      input: z.object({ amount }),
      decide: (s, c, on) =>
        s.balance < c.amount
          ? reject('insufficient-funds', { balance: s.balance })
          : on.Withdrawn({ amount: c.amount }),
    },
    sendTransfer: {
      input: z.object({ transfer, to: account, amount }),
      decide: (s, c, on) =>
        s.balance < c.amount
          ? reject('insufficient-funds', { balance: s.balance })
          : on.TransferSent(c),
    },
    receiveTransfer: {
      input: z.object({ transfer, from: account, amount }),
      decide: (s, c, on) => (s.open ? on.TransferReceived(c) : reject('not-open')),
    },
  },
})
