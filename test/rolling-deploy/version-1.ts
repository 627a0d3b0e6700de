import { actor, policy, projection, view } from 'aether'
import { sqliteTables } from 'aether/sqlite'
import * as z from 'zod'
import { Receipt } from './receipt.ts'
import { type MakeRelease, patient, receiptOf, reminderMs, snapshotEvery } from './release.ts'

const cents = z.object({ cents: z.number() })

const Account = actor('account', {
  state: { total: 0, confirmed: 0, reminded: 0 },
  events: {
    Booked: cents,
    Confirmed: z.object({ version: z.number() }),
    Reminded: z.object({}),
  },
  evolve: {
    Booked: (s, e) => ({ ...s, total: s.total + e.cents }),
    Confirmed: (s) => ({ ...s, confirmed: s.confirmed + 1 }),
    Reminded: (s) => ({ ...s, reminded: s.reminded + 1 }),
  },
  commands: {
    book: { input: cents, decide: (_s, c, on) => on.Booked(c) },
    confirm: { input: z.object({ version: z.number() }), decide: (_s, c, on) => on.Confirmed(c) },
    remind: { decide: (_s, _c, on) => on.Reminded({}) },
  },
  snapshots: { every: snapshotEvery },
})

/** The code before the deploy. */
export const version1: MakeRelease = (file) => {
  const tables = sqliteTables({
    file,
    tables: { posting: 'account TEXT NOT NULL, version INTEGER NOT NULL, cents INTEGER NOT NULL' },
  })
  const { posting } = tables.tables
  const balances = view({
    ...patient,
    name: 'balances',
    actors: [Account],
    state: { total: 0, bookings: 0 },
    on: {
      Booked: (v, { data }) => ({ total: v.total + data.cents, bookings: v.bookings + 1 }),
    },
  })
  const postings = projection({
    ...patient,
    name: 'postings',
    actors: [Account],
    target: tables,
    on: {
      Booked: ({ key, version, data }, sql) =>
        sql`INSERT INTO ${posting} VALUES (${key}, ${version}, ${data.cents})`,
    },
  })
  const filing = policy({
    ...patient,
    name: 'filing',
    actors: [Account],
    startAt: 'beginning',
    on: {
      Booked: async ({ key, version }, { get, schedule }) => {
        await get(Receipt, receiptOf(key)).file({ account: key, version })
        if (version === 1)
          await schedule(get(Account, key), 'remind', undefined, { name: 'r', afterMs: reminderMs })
      },
    },
  })
  const confirming = policy({
    ...patient,
    name: 'confirming',
    actors: [Receipt],
    startAt: 'beginning',
    on: {
      Filed: ({ data }, { get }) => get(Account, data.account).confirm({ version: data.version }),
    },
  })
  return {
    tables,
    actors: [Account, Receipt],
    projections: [balances, postings],
    policies: [filing, confirming],
  }
}
