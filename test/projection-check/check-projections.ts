import { isDeepStrictEqual } from 'node:util'
import {
  type Balance,
  type Booking,
  booked,
  bookedIn,
  type District,
  districtOf,
  emptyBalance,
  emptyDistrict,
} from './books.ts'

/** An event as the table of entries has it, or an effect of the policy. */
export interface Entry {
  readonly ledger: string
  readonly version: number
  /** Who handled it. */
  readonly member: string
}

/** What there is in the end. */
export interface ProjectionEvidence {
  /** All that was booked, in the order of the log. */
  readonly bookings: readonly Booking[]
  /** The documents of the views, by key. */
  readonly balances: ReadonlyMap<string, Balance>
  readonly districts: ReadonlyMap<string, District>
  /** The rows of the tables; entries in the order in which they were written. */
  readonly balanceRows: ReadonlyMap<string, Balance>
  readonly entries: readonly Entry[]
  /** What the policy led to, in the order of the log. */
  readonly effects: readonly Entry[]
  /** The readers that have actors held back for good, and whose. */
  readonly parked: readonly string[]
}

/** Holds what readers have made of the log against the log. Nothing: all is right. */
export function checkProjections(evidence: ProjectionEvidence): string[] {
  const { bookings, balances, districts, balanceRows, entries, effects, parked } = evidence
  const ownFold = fold(bookings, ({ key }) => key, booked, emptyBalance)
  const districtFold = fold(bookings, ({ key }) => districtOf(key), bookedIn, emptyDistrict)
  return [
    ...parked.map((who) => `${who} is parked`),
    ...checkDocuments('the view of balances', balances, ownFold),
    ...checkDocuments('the view of districts', districts, districtFold),
    ...checkDocuments('the table of balances', balanceRows, ownFold),
    ...checkEntries('the table of entries', entries, bookings),
    ...checkEntries('the policy', effects, bookings),
  ]
}

function fold<S>(
  bookings: readonly Booking[],
  keyOf: (booking: Booking) => string,
  next: (state: S, booking: Booking) => S,
  empty: S,
): ReadonlyMap<string, S> {
  const states = new Map<string, S>()
  for (const booking of bookings) {
    const key = keyOf(booking)
    states.set(key, next(states.get(key) ?? empty, booking))
  }
  return states
}

function checkDocuments(
  where: string,
  found: ReadonlyMap<string, unknown>,
  expected: ReadonlyMap<string, unknown>,
): string[] {
  return [...new Set([...expected.keys(), ...found.keys()])]
    .filter((key) => !isDeepStrictEqual(found.get(key), expected.get(key)))
    .map((key) => {
      const [is, should] = [found.get(key), expected.get(key)].map((each) => JSON.stringify(each))
      return `${where} has ${key} as ${is}, but its events make ${should}`
    })
}

/** Each booking once, and those of a ledger in their order. */
function checkEntries(
  where: string,
  entries: readonly Entry[],
  bookings: readonly Booking[],
): string[] {
  const found = Map.groupBy(entries, ({ ledger }) => ledger)
  const expected = Map.groupBy(bookings, ({ key }) => key)
  return [...new Set([...found.keys(), ...expected.keys()])].flatMap((ledger) => {
    const versions = (found.get(ledger) ?? []).map(({ version }) => version)
    const should = (expected.get(ledger) ?? []).map(({ version }) => version)
    if (isDeepStrictEqual(versions, should)) return []
    return [`${where} has ${ledger} ${difference(found.get(ledger) ?? [], should)}`]
  })
}

/** What is wrong first. */
function difference(entries: readonly Entry[], should: readonly number[]): string {
  const seen = new Map<number, Entry>()
  for (const entry of entries) {
    const first = seen.get(entry.version)
    if (first) return `${entry.version} twice: by ${first.member}, by ${entry.member}`
    seen.set(entry.version, entry)
  }
  const missing = should.filter((version) => !seen.has(version))
  if (missing.length > 0) return `without ${missing.slice(0, 5).join()} (${missing.length} missing)`
  const foreign = [...seen.keys()].find((version) => !should.includes(version))
  if (foreign !== undefined) return `${foreign}, which nobody booked`
  const index = entries.findIndex(({ version }, at) => version !== should[at])
  return `out of order: ${entries[index]?.version} where ${should[index]} belongs`
}
