import { actor, type Backend, view } from 'aether'
import { sqliteTables } from 'aether/sqlite'
import * as z from 'zod'

const amount = z.object({ amount: z.int() })

export const Account = actor('account', {
  state: {},
  events: { Deposited: amount },
  evolve: { Deposited: (s) => s },
  commands: { deposit: { input: amount, decide: (_s, c, on) => on.Deposited(c) } },
})

export const Balances = view({ name: 'balances', actors: [Account], state: {}, on: {} })

export declare const backend: Backend

const visit = z.object({ visit: z.string() })

export const Day = actor('day', {
  state: {},
  events: { MovedIn: visit, MovedOut: visit },
  evolve: { MovedIn: (s) => s, MovedOut: (s) => s },
  commands: {},
})

const tables = sqliteTables({
  file: 'visits.db',
  tables: { visit: 'id TEXT PRIMARY KEY, day TEXT NOT NULL, position INTEGER NOT NULL' },
})
export { tables }
export const { visit: table } = tables.tables
