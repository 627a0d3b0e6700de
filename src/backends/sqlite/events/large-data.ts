import type { DatabaseSync } from 'node:sqlite'
import { type EventRow, eventColumns } from './event-row.ts'

/**
 * A query gives all of its rows at once, and hundreds of a megabyte each would be too much: data that is
 * longer is left out, and got for as many rows as fit.
 */
const largeBytes = 64 * 1_024
/** How much large data is in memory at once, in characters: this much, and one more. */
const maxLength = 8 * 1_024 * 1_024

/** `eventColumns`, but for large data, in the place of which is NULL. */
export const smallColumns = columnsUpTo(largeBytes)

/** {@link smallColumns} for pages of which several are in memory at once, each twice. */
export const smallerColumns = columnsUpTo(largeBytes / 8)

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

  /** The rows with all of their data: fewer from the end on, where it would be too much. */
  completed(rows: readonly SmallRow[]): readonly EventRow[] {
    if (rows.every(isComplete)) return rows
    const completed: EventRow[] = []
    let length = 0
    for (const row of rows) {
      if (length >= maxLength) break
      const data = row[6] ?? this.#dataAt(row[0])
      // One that isn't there any more was trimmed meanwhile.
      if (data === undefined) continue
      if (row[6] === null) length += data.length
      completed.push(row.with(6, data) as unknown as EventRow)
    }
    return completed
  }
}

function isComplete(row: SmallRow): row is EventRow {
  return row[6] !== null
}

function columnsUpTo(bytes: number): string {
  return eventColumns.replace(' data,', ` CASE WHEN octet_length(data) <= ${bytes} THEN data END,`)
}
