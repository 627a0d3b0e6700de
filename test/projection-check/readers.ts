import {
  policy,
  type PolicyDefinition,
  projection,
  type ProjectionDefinition,
  type ProjectionTarget,
  view,
  type ViewDefinition,
} from 'aether'
import { type Sql, sqliteTables, type SqliteTables } from 'aether/sqlite'
import {
  type Balance,
  booked,
  bookedIn,
  type District,
  districtOf,
  emptyBalance,
  emptyDistrict,
} from './books.ts'
import { Copy, Ledger, selfName } from './ledger.ts'

/** How many copies there are: each is told of many ledgers, by several members at once. */
const copies = 10

export interface ReadersOptions {
  /** Of the tables, which all members share. */
  readonly file: string
  /** Is asked in the middle of every handler, and throws now and then. */
  readonly mishap: () => void
  /** Puts something else in front of the tables. @default they are the target themselves */
  readonly sabotage?:
    ((target: ProjectionTarget<Sql, void>) => ProjectionTarget<Sql, void>) | undefined
}

/** All that reads the log here. */
export interface Readers {
  readonly balances: ViewDefinition<Balance>
  readonly districts: ViewDefinition<District>
  readonly tables: SqliteTables<'balance' | 'entry'>
  readonly books: ProjectionDefinition
  readonly copying: PolicyDefinition
}

/** Two views, a projection and a policy over the ledgers. */
export function makeReaders({ file, mishap, sabotage }: ReadersOptions): Readers {
  const patient = { retries: 50, retryMs: 20, maxParked: 10_000, batchEvents: 100 }
  const balances = view({
    ...patient,
    name: 'balances',
    actors: [Ledger],
    state: emptyBalance,
    on: {
      Booked: (state, { key, version, data }) => {
        mishap()
        return booked(state, { key, version, ...data })
      },
    },
  })
  const districts = view({
    ...patient,
    name: 'districts',
    actors: [Ledger],
    key: ({ key }) => districtOf(key),
    state: emptyDistrict,
    on: {
      Booked: (state, { key, version, data }) => {
        mishap()
        return bookedIn(state, { key, version, ...data })
      },
    },
  })
  const tables = makeTables(file)
  const books = projection({
    ...patient,
    name: 'books',
    actors: [Ledger],
    target: sabotage?.(tables) ?? tables,
    on: {
      Booked: ({ key, version, data }, sql) => {
        book(sql, tables, { key, version, ...data })
        mishap()
      },
    },
  })
  const copying = policy({
    retries: patient.retries,
    retryMs: patient.retryMs,
    name: 'copying',
    actors: [Ledger],
    startAt: 'beginning',
    on: {
      Booked: async ({ key, version }, ctx) => {
        const copy = `c${Number(key.slice(1)) % copies}`
        await ctx.get(Copy, copy).note({ ledger: key, version })
        mishap()
      },
    },
  })
  return { balances, districts, tables, books, copying }
}

type Tables = SqliteTables<'balance' | 'entry'>

function makeTables(file: string): Tables {
  return sqliteTables({
    file,
    tables: {
      balance: 'ledger TEXT PRIMARY KEY, state TEXT NOT NULL',
      // Nothing here keeps an event from being written twice.
      entry:
        'id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, version INTEGER NOT NULL, member TEXT NOT NULL',
    },
  })
}

function book(sql: Sql, { tables }: Tables, booking: Parameters<typeof booked>[1]): void {
  const { balance, entry } = tables
  const { key, version } = booking
  const row = sql.get<{ state: string }>`SELECT state FROM ${balance} WHERE ledger = ${key}`
  const before = row ? (JSON.parse(row.state) as Balance) : emptyBalance
  const state = JSON.stringify(booked(before, booking))
  sql`INSERT INTO ${balance} VALUES (${key}, ${state})
      ON CONFLICT (ledger) DO UPDATE SET state = excluded.state`
  sql`INSERT INTO ${entry} (ledger, version, member) VALUES (${key}, ${version}, ${selfName()})`
}
