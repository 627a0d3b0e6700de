import type { SmallRow } from './large-data.ts'

/**
 * Rows on their way from one thread to another, by columns: that takes half as long as row by row, and what
 * repeats goes over once.
 */
export interface PackedRows {
  readonly positions: Float64Array
  readonly actors: readonly string[]
  readonly versions: Float64Array
  readonly ids: readonly string[]
  readonly types: Repeats
  readonly times: Repeats
  readonly data: readonly (string | null)[]
  readonly metadata: Repeats
}

/** Texts, and how many rows each of them stands in, one after the other. */
interface Repeats {
  readonly texts: readonly string[]
  readonly counts: readonly number[]
}

export function packRows(rows: readonly SmallRow[]): PackedRows {
  return {
    positions: Float64Array.from(rows, ([position]) => position),
    actors: rows.map(([, actor]) => actor),
    versions: Float64Array.from(rows, ([, , version]) => version),
    ids: rows.map(([, , , id]) => id),
    types: repeatsOf(rows, 4),
    times: repeatsOf(rows, 5),
    data: rows.map(([, , , , , , data]) => data),
    metadata: repeatsOf(rows, 7),
  }
}

export function unpackRows(packed: PackedRows): SmallRow[] {
  const { positions, actors, versions, ids, data } = packed
  const types = textsOf(packed.types)
  const times = textsOf(packed.times)
  const metadata = textsOf(packed.metadata)
  const rows: (readonly unknown[])[] = []
  for (let row = 0; row < positions.length; row++)
    rows.push([
      positions[row],
      actors[row],
      versions[row],
      ids[row],
      types[row],
      times[row],
      data[row],
      metadata[row],
    ])
  return rows as unknown as SmallRow[]
}

function repeatsOf(rows: readonly SmallRow[], column: 4 | 5 | 7): Repeats {
  const texts: string[] = []
  const counts: number[] = []
  let count = 0
  for (let row = 0; row < rows.length; row++) {
    const text = (rows[row] as SmallRow)[column]
    count++
    if (text === rows[row + 1]?.[column]) continue
    texts.push(text)
    counts.push(count)
    count = 0
  }
  return { texts, counts }
}

function textsOf({ texts, counts }: Repeats): string[] {
  const all: string[] = []
  for (const [index, text] of texts.entries())
    for (let count = counts[index] as number; count > 0; count--) all.push(text)
  return all
}
