import { actor, event, policy, type PolicyContext, projection, view } from 'aether'
import { sqliteTables } from 'aether/sqlite'
import * as z from 'zod'
import { Receipt } from './receipt.ts'
import {
  euros,
  type MakeRelease,
  noTotals,
  patient,
  type Totals,
  receiptOf,
  reminderMs,
  snapshotEvery,
} from './release.ts'

const cents = z.object({ cents: z.number() })
const version = z.object({ version: z.number() })

const Account = actor('account', {
  state: { totals: euros(0), notes: 0, confirmed: 0, reminded: 0 },
  events: {
    Booked: cents,
    Posted: z.object({ cents: z.number(), currency: z.string() }),
    Noted: z.object({ text: z.string() }),
    Confirmed: event(version, { formerly: ['Acknowledged'] }),
    Reminded: z.object({}),
  },
  evolve: {
    Booked: (s, { cents }) => posted(s, cents, 'EUR'),
    Posted: (s, { cents, currency }) => posted(s, cents, currency),
    Noted: (s) => ({ ...s, notes: s.notes + 1 }),
    Confirmed: (s) => ({ ...s, confirmed: s.confirmed + 1 }),
    Reminded: (s) => ({ ...s, reminded: s.reminded + 1 }),
  },
  commands: {
    book: { input: cents, decide: (_s, c, on) => on.Booked(c) },
    confirm: { input: version, decide: (_s, c, on) => on.Confirmed(c) },
    remind: { decide: (_s, _c, on) => on.Reminded({}) },
  },
  snapshots: { every: snapshotEvery, shape: 'totals' },
})

function posted<S extends { readonly totals: Totals }>(
  state: S,
  cents: number,
  currency: string,
): S {
  const total = (state.totals[currency] ?? 0) + cents
  return { ...state, totals: { ...state.totals, [currency]: total } }
}

async function fileIt(
  { key, version }: { readonly key: string; readonly version: number },
  { get, schedule }: PolicyContext,
): Promise<void> {
  await get(Receipt, receiptOf(key)).file({ account: key, version })
  if (version === 1)
    await schedule(get(Account, key), 'remind', undefined, { name: 'r', afterMs: reminderMs })
}

/**
 * The first of two deploys: it reads all that {@link contracted} writes, and writes what version 1 reads. A view of
 * another shape has another name.
 */
export const expanded: MakeRelease = (file) => {
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
      Posted: (v, { data }) => ({ total: v.total + data.cents, bookings: v.bookings + 1 }),
    },
  })
  const totals = view({
    ...patient,
    name: 'totals',
    actors: [Account],
    state: { totals: noTotals, bookings: 0, notes: 0 },
    on: {
      Booked: (v, { data }) => ({ ...posted(v, data.cents, 'EUR'), bookings: v.bookings + 1 }),
      Posted: (v, { data: { cents, currency } }) => ({
        ...posted(v, cents, currency),
        bookings: v.bookings + 1,
      }),
      Noted: (v) => ({ ...v, notes: v.notes + 1 }),
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
      Posted: ({ key, version, data }, sql) =>
        sql`INSERT INTO ${posting} VALUES (${key}, ${version}, ${data.cents})`,
    },
  })
  const filing = policy({
    ...patient,
    name: 'filing',
    actors: [Account],
    startAt: 'beginning',
    on: { Booked: fileIt, Posted: fileIt },
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
    projections: [balances, totals, postings],
    policies: [filing, confirming],
  }
}
