import { expect, test } from 'vitest'
import { type Balance, booked, bookedIn, emptyBalance, emptyDistrict } from './books.ts'
import { type Reading, ReadsCheck } from './check-reads.ts'

const bookings = [
  { key: 'l1', version: 1, cents: 5, position: 10 },
  { key: 'l6', version: 1, cents: 7, position: 20 },
  { key: 'l1', version: 2, cents: 3, position: 30 },
]
const check = new ReadsCheck(bookings)

/** What a reader shows that has handled so many of the events. */
function balancesAfter(count: number): ReadonlyMap<string, Balance> {
  const groups = Map.groupBy(bookings.slice(0, count), ({ key }) => key)
  return new Map([...groups].map(([key, own]) => [key, own.reduce(booked, emptyBalance)]))
}

function balances(count: number, floor: number): Reading {
  const floorOf = (): number => floor
  return { where: 'the view', of: 'ledgers', states: balancesAfter(count), floorOf }
}

function districts(count: number, floor: number): Reading {
  const states = new Map([['d1', bookings.slice(0, count).reduce(bookedIn, emptyDistrict)]])
  return { where: 'the view', of: 'districts', states, floorOf: () => floor }
}

test.each([0, 1, 2, 3])(
  'after %d events, a reader shows them, and may show them early',
  (count) => {
    for (const floor of [0, 10, 20, 30].filter((each) => each <= count * 10)) {
      expect(check.check(balances(count, floor))).toEqual([])
      expect(check.check(districts(count, floor))).toEqual([])
    }
  },
)

test.each<[string, Reading, RegExp]>([
  [
    'a document that has lost what it had',
    balances(2, 30),
    /l1 as .* event 2 at 30 had taken effe/,
  ],
  ['a document that is gone', balances(0, 20), /l6 as undefined: event 1 at 20/],
  ['a large document that has lost what it had', districts(2, 30), /d1 as .* l1: event 2 at 30/],
  [
    'an event in the middle that is missing',
    {
      ...balances(3, 0),
      states: new Map([['l1', bookings.slice(2).reduce(booked, emptyBalance)]]),
    },
    /its first events make/,
  ],
  [
    'what nobody booked',
    { ...balances(0, 0), states: new Map([['l9', { ...emptyBalance, version: 1 }]]) },
    /l9 as .* its first events make/,
  ],
  [
    'a large document that counts an event twice',
    {
      ...districts(0, 0),
      states: new Map([['d1', [...bookings, bookings[0]!].reduce(bookedIn, emptyDistrict)]]),
    },
    /d1 as .* make/,
  ],
])('%s is found', (_what, reading, finding) => {
  expect(check.check(reading).join('\n')).toMatch(finding)
})
