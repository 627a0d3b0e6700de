/** One booking, as folds see it. */
export interface Booking {
  /** The key of the ledger. */
  readonly key: string
  readonly version: number
  readonly cents: number
}

/** One ledger: what view and table make of it. */
export interface Balance {
  /** The last version seen. */
  readonly version: number
  readonly cents: number
  /** Another one for another order. */
  readonly digest: number
  /** Steps that aren't to the next version. */
  readonly wrongSteps: readonly string[]
}

export const emptyBalance: Balance = { version: 0, cents: 0, digest: 0, wrongSteps: [] }

export function booked(balance: Balance, { version, cents }: Booking): Balance {
  const { version: last, wrongSteps } = balance
  return {
    version,
    cents: balance.cents + cents,
    digest: (balance.digest * 31 + cents * 7 + version) % 1_000_003,
    wrongSteps: version === last + 1 ? wrongSteps : [...wrongSteps, `${last} to ${version}`],
  }
}

/** Many ledgers of all parts, in one document: so that members write to the same one. */
export interface District {
  readonly bookings: number
  readonly cents: number
  /** The last version seen, by ledger. */
  readonly versions: Readonly<Record<string, number>>
  readonly wrongSteps: readonly string[]
}

export const emptyDistrict: District = { bookings: 0, cents: 0, versions: {}, wrongSteps: [] }

const districts = 5

/** Which district a ledger is in. */
export function districtOf(key: string): string {
  return `d${Number(key.slice(1)) % districts}`
}

export function bookedIn(district: District, { key, version, cents }: Booking): District {
  const { bookings, versions, wrongSteps } = district
  const last = versions[key] ?? 0
  return {
    bookings: bookings + 1,
    cents: district.cents + cents,
    versions: { ...versions, [key]: version },
    wrongSteps:
      version === last + 1 ? wrongSteps : [...wrongSteps, `${key}: ${last} to ${version}`],
  }
}
