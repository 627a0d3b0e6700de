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
  readonly texts: string[]
  readonly counts: number[]
}

/** In one loop: a page is packed in half the time of a loop for each column. */
export function packRows(rows: readonly SmallRow[]): PackedRows {
  const positions = new Float64Array(rows.length)
  const versions = new Float64Array(rows.length)
  const actors: string[] = []
  const ids: string[] = []
  const data: (string | null)[] = []
  const types: Repeats = { texts: [], counts: [] }
  const times: Repeats = { texts: [], counts: [] }
  const metadata: Repeats = { texts: [], counts: [] }
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as SmallRow
    positions[index] = row[0]
    actors.push(row[1])
    versions[index] = row[2]
    ids.push(row[3])
    addTo(types, row[4])
    addTo(times, row[5])
    data.push(row[6])
    addTo(metadata, row[7])
  }
  return { positions, actors, versions, ids, types, times, data, metadata }
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

function addTo({ texts, counts }: Repeats, text: string): void {
  const last = texts.length - 1
  if (texts[last] === text) counts[last] = (counts[last] as number) + 1
  else {
    texts.push(text)
    counts.push(1)
  }
}

function textsOf({ texts, counts }: Repeats): string[] {
  const all: string[] = []
  for (const [index, text] of texts.entries())
    for (let count = counts[index] as number; count > 0; count--) all.push(text)
  return all
}
