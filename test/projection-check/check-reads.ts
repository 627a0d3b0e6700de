import { isDeepStrictEqual } from 'node:util'
import {
  type Balance,
  type Booking,
  booked,
  type District,
  districtOf,
  emptyBalance,
} from './books.ts'

export interface LoggedBooking extends Booking {
  readonly position: number
}

/** All that was read of a view or table, and what had taken effect for certain before it was read. */
export interface Reading {
  readonly where: string
  readonly of: 'ledgers' | 'districts'
  readonly states: ReadonlyMap<string, Balance | District>
  /** Of a ledger: up to where its events had taken effect. */
  readonly floorOf: (ledger: string) => number
}

interface Read extends Pick<Reading, 'floorOf'> {
  readonly key: string
  /** Undefined where there was none. */
  readonly state: Balance | District | undefined
}

/**
 * Holds what was read in between against the log: each ledger in it is the fold of its first events, and
 * of as many at least as had taken effect before.
 */
export class ReadsCheck {
  readonly #ledgers: ReadonlyMap<string, Ledger>
  readonly #byDistrict: ReadonlyMap<string, readonly string[]>

  constructor(bookings: readonly LoggedBooking[]) {
    const groups = Map.groupBy(bookings, ({ key }) => key)
    this.#ledgers = new Map([...groups].map(([key, own]) => [key, new Ledger(own)]))
    this.#byDistrict = Map.groupBy(groups.keys(), districtOf)
  }

  check({ where, of, states, floorOf }: Reading): string[] {
    const known = of === 'ledgers' ? this.#ledgers : this.#byDistrict
    const keys = new Set([...known.keys(), ...states.keys()])
    return [...keys].flatMap((key) => {
      const read = { key, state: states.get(key), floorOf }
      const problem = of === 'ledgers' ? this.#balance(read) : this.#district(read)
      if (problem === undefined) return []
      return [`${where} showed ${key} as ${JSON.stringify(read.state)}: ${problem}`]
    })
  }

  #balance({ key, state = emptyBalance, floorOf }: Read): string | undefined {
    const ledger = this.#ledgers.get(key) ?? new Ledger([])
    const { version } = state as Balance
    const should = ledger.after(version)
    if (!isDeepStrictEqual(state, should)) return `its first events make ${JSON.stringify(should)}`
    return ledger.lacking(version, floorOf(key))
  }

  #district({ key, state, floorOf }: Read): string | undefined {
    const {
      bookings = 0,
      cents = 0,
      versions = {},
      wrongSteps = [],
    } = (state ?? {}) as Partial<District>
    let [count, sum] = [0, 0]
    for (const name of this.#byDistrict.get(key) ?? []) {
      const version = versions[name] ?? 0
      const ledger = this.#ledgers.get(name) ?? new Ledger([])
      const lacking = ledger.lacking(version, floorOf(name))
      if (lacking !== undefined) return `${name}: ${lacking}`
      count += version
      sum += ledger.after(version).cents
    }
    if (bookings === count && cents === sum && wrongSteps.length === 0) return undefined
    return `these events make ${count} bookings and ${sum} cents`
  }
}

/** What a ledger is after each of its events. */
class Ledger {
  readonly #positions: readonly number[]
  readonly #states: readonly Balance[]

  constructor(bookings: readonly LoggedBooking[]) {
    this.#positions = bookings.map(({ position }) => position)
    const states = [emptyBalance]
    for (const booking of bookings) states.push(booked(states.at(-1) ?? emptyBalance, booking))
    this.#states = states
  }

  after(version: number): Balance {
    return this.#states[version] ?? { ...emptyBalance, version: Number.NaN }
  }

  lacking(version: number, floor: number): string | undefined {
    const next = this.#positions[version]
    if (next === undefined || next > floor) return undefined
    return `event ${version + 1} at ${next} had taken effect before, as all up to ${floor}`
  }
}
