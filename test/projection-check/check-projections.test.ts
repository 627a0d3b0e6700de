import { expect, test } from 'vitest'
import { type Balance, booked, bookedIn, emptyBalance, emptyDistrict } from './books.ts'
import { checkProjections, type ProjectionEvidence } from './check-projections.ts'

const bookings = [
  { key: 'l1', version: 1, cents: 5 },
  { key: 'l6', version: 1, cents: 7 },
  { key: 'l1', version: 2, cents: 3 },
]
const entries = bookings.map(({ key, version }) => ({ ledger: key, version, member: 'm0.0' }))
const balances = balancesOf(bookings)

/** What readers make of it that keep their promise. */
const right: ProjectionEvidence = {
  bookings,
  balances,
  balanceRows: balances,
  districts: new Map([['d1', bookings.reduce(bookedIn, emptyDistrict)]]),
  entries,
  effects: entries,
  parked: [],
}

function balancesOf(all: typeof bookings): ReadonlyMap<string, Balance> {
  const groups = Map.groupBy(all, ({ key }) => key)
  return new Map([...groups].map(([key, own]) => [key, own.reduce(booked, emptyBalance)]))
}

test('readers that keep their promise: nothing is found', () => {
  expect(checkProjections(right)).toEqual([])
})

const [first, second, third] = entries as [Entry, Entry, Entry]
type Entry = (typeof entries)[number]

test.each<[string, Partial<ProjectionEvidence>, RegExp]>([
  [
    'an event counted twice',
    { balances: balancesOf([...bookings, bookings[2]!]) },
    /view of balan/,
  ],
  [
    'an event left out',
    { balanceRows: balancesOf(bookings.slice(0, 2)) },
    /table of balances has l1/,
  ],
  ['a document that is missing', { districts: new Map() }, /districts has d1 as undefined/],
  [
    'a document of nothing',
    { balances: new Map([...balances, ['l9', emptyBalance]]) },
    /has l9 as .* events make undefined/,
  ],
  [
    'a row written twice',
    { entries: [...entries, first] },
    /entries has l1 1 twice: by m0.0, by m0/,
  ],
  ['a row left out', { entries: [first, second] }, /entries has l1 without 2/],
  ['rows out of order', { entries: [third, second, first] }, /out of order: 2 where 1 belongs/],
  ['a command sent twice', { effects: [...entries, second] }, /the policy has l6 1 twice/],
  ['a command never sent', { effects: [first, third] }, /the policy has l6 without 1/],
  ['a command for nothing', { effects: [...entries, { ...first, version: 3 }] }, /3, which nobody/],
  ['an actor held back for good', { parked: ['books: ledger-l1'] }, /books: ledger-l1 is parked/],
])('%s is found', (_what, change, finding) => {
  expect(checkProjections({ ...right, ...change }).join('\n')).toMatch(finding)
})
