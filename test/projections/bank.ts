import { actor, reject, view } from 'aether'
import * as z from 'zod'

const amount = z.int().positive()

export const Account = actor('account', {
  state: { owner: '', balance: 0 },
  events: {
    Opened: z.object({ owner: z.string() }),
    Deposited: z.object({ amount }),
    Withdrawn: z.object({ amount }),
  },
  evolve: {
    Opened: (s, e) => ({ ...s, owner: e.owner }),
    Deposited: (s, e) => ({ ...s, balance: s.balance + e.amount }),
    Withdrawn: (s, e) => ({ ...s, balance: s.balance - e.amount }),
  },
  commands: {
    open: { input: z.object({ owner: z.string() }), decide: (_s, c, on) => on.Opened(c) },
    deposit: { input: z.object({ amount }), decide: (_s, c, on) => on.Deposited(c) },
    withdraw: {
      input: z.object({ amount }),
      decide: (s, c, on) => (s.balance < c.amount ? reject('too-poor') : on.Withdrawn(c)),
    },
    touch: { decide: () => undefined },
  },
})

export const Balances = view({
  name: 'balances',
  actors: [Account],
  state: { owner: '', balance: 0 },
  on: {
    Opened: (balance, { data }) => ({ ...balance, owner: data.owner }),
    Deposited: (b, { data }) => ({ ...b, balance: b.balance + data.amount }),
    Withdrawn: (b, { data }) => ({ ...b, balance: b.balance - data.amount }),
  },
})

/** How much there is of all owners whose name begins with a letter. */
export const Totals = view({
  name: 'totals',
  actors: [Account],
  key: ({ key }) => key.slice(0, 1),
  state: { deposits: 0, total: 0 },
  on: {
    Deposited: (t, { data }) => ({ deposits: t.deposits + 1, total: t.total + data.amount }),
    Withdrawn: (t, { data }) => ({ ...t, total: t.total - data.amount }),
  },
})
