import { actor, event, policy, projection, view } from 'aether'
import { sqliteTables } from 'aether/sqlite'
import * as z from 'zod'
import { Receipt } from './receipt.ts'
import {
  euros,
  type MakeRelease,
  noTotals,
  patient,
  receiptOf,
  reminderMs,
  snapshotEvery,
} from './release.ts'

const posted = event(z.object({ cents: z.number(), currency: z.string() }), {
  formerly: ['Booked'],
  upcast: [(data: { cents: number }) => ({ ...data, currency: 'EUR' })],
})

const Account = actor('account', {
  state: { totals: euros(0), notes: 0, confirmed: 0, reminded: 0 },
  events: {
    Posted: posted,
    Noted: z.object({ text: z.string() }),
    Confirmed: z.object({ version: z.number() }),
    Reminded: z.object({}),
  },
  evolve: {
    Posted: (s, { cents, currency }) => ({
      ...s,
      totals: { ...s.totals, [currency]: (s.totals[currency] ?? 0) + cents },
    }),
    Noted: (s) => ({ ...s, notes: s.notes + 1 }),
    Confirmed: (s) => ({ ...s, confirmed: s.confirmed + 1 }),
    Reminded: (s) => ({ ...s, reminded: s.reminded + 1 }),
  },
  commands: {
    book: {
      input: z.object({ cents: z.number(), currency: z.string().default('EUR') }),
      decide: (_s, c, on) => on.Posted(c),
    },
    note: { input: z.object({ text: z.string() }), decide: (_s, c, on) => on.Noted(c) },
    confirm: { input: z.object({ version: z.number() }), decide: (_s, c, on) => on.Confirmed(c) },
    remind: { decide: (_s, _c, on) => on.Reminded({}) },
  },
  snapshots: { every: snapshotEvery },
})

/** The code that takes its place all at once: what version 1 can't read is written from its first node on. */
export const version2: MakeRelease = (file) => {
  const tables = sqliteTables({
    file,
    tables: {
      posting:
        'account TEXT NOT NULL, version INTEGER NOT NULL, cents INTEGER NOT NULL, currency TEXT NOT NULL',
    },
  })
  const { posting } = tables.tables
  const totals = view({
    ...patient,
    name: 'balances',
    version: 2,
    actors: [Account],
    state: { totals: noTotals, bookings: 0, notes: 0 },
    on: {
      Posted: (v, { data: { cents, currency } }) => ({
        ...v,
        totals: { ...v.totals, [currency]: (v.totals[currency] ?? 0) + cents },
        bookings: v.bookings + 1,
      }),
      Noted: (v) => ({ ...v, notes: v.notes + 1 }),
    },
  })
  const postings = projection({
    ...patient,
    name: 'postings',
    version: 2,
    actors: [Account],
    target: tables,
    on: {
      Posted: ({ key, version, data }, sql) =>
        sql`INSERT INTO ${posting} VALUES (${key}, ${version}, ${data.cents}, ${data.currency})`,
    },
  })
  const filing = policy({
    ...patient,
    name: 'filing',
    actors: [Account],
    startAt: 'beginning',
    on: {
      Posted: async ({ key, version }, { get, schedule }) => {
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
    ...{ tables, account: Account, totals },
    actors: [Account, Receipt],
    projections: [totals, postings],
    policies: [filing, confirming],
  }
}
