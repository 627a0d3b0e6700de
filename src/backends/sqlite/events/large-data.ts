import type { DatabaseSync } from 'node:sqlite'
import { type EventRow, eventColumns } from './event-row.ts'

/**
 * A query gives all of its rows at once, and hundreds of a megabyte each would be too much: data that is
 * longer is left out, and got for as many rows as fit.
 */
const largeBytes = 64 * 1_024
/** How much large data is in memory at once, in characters: this much, and one more. */
const maxLength = 8 * 1_024 * 1_024

/** For pages of which several are in memory at once, each twice. */
const smallerBytes = largeBytes / 8

/** `eventColumns`, but for large data, in the place of which is NULL. */
export const smallColumns = eventColumns.replace(' data,', ` ${dataUpTo(largeBytes)},`)

/** NULL in the place of what is large for a page that is read ahead. */
export const smallerData = dataUpTo(smallerBytes)

/** Whether the data is `OtherData`. */
export const isOther = `(octet_length(data) > ${smallerBytes} OR NOT json_valid(data))`

/** A row of {@link smallColumns}. */
export type SmallRow = EventRow | WithoutData<EventRow>
type WithoutData<Row extends readonly unknown[]> = {
  readonly [Index in keyof Row]: Index extends '6' ? null : Row[Index]
}

/** Gets what was left out. */
export class LargeData {
  readonly #dataAt: (position: number) => string | undefined

  constructor(db: DatabaseSync) {
    const query = db.prepare('SELECT data FROM event WHERE position = ?')
    this.#dataAt = (position) => query.get(position)?.['data'] as string | undefined
  }

  /** For the rows of one answer. */
  begin(): LargeReading {
    return new LargeReading(this.#dataAt)
  }

  /** The rows with all of their data: fewer from the end on, where it would be too much. */
  completed(rows: readonly SmallRow[]): readonly EventRow[] {
    if (rows.every(isComplete)) return rows
    const reading = this.begin()
    const completed: EventRow[] = []
    for (const row of rows) {
      if (reading.isFull) break
      const data = row[6] ?? reading.dataAt(row[0])
      if (data !== undefined) completed.push(row.with(6, data) as unknown as EventRow)
    }
    return completed
  }
}

/** As much large data as may be in memory at once. */
export class LargeReading {
  readonly #dataAt: (position: number) => string | undefined
  #length = 0

  constructor(dataAt: (position: number) => string | undefined) {
    this.#dataAt = dataAt
  }

  /** Whether there may be no more events. */
  get isFull(): boolean {
    return this.#length >= maxLength
  }

  /** Undefined of an event that isn't there any more: it was trimmed meanwhile. */
  dataAt(position: number): string | undefined {
    const data = this.#dataAt(position)
    this.#length += data?.length ?? 0
    return data
  }
}

function isComplete(row: SmallRow): row is EventRow {
  return row[6] !== null
}

function dataUpTo(bytes: number): string {
  return `CASE WHEN octet_length(data) <= ${bytes} THEN data END`
}
