/**
 * What rows are asked for as: each column as an array of JSON, and the data, each of which is JSON, one behind
 * the other with commas; {@link otherMark} in the place of {@link OtherData}. Without any row, the data is null.
 */
export type PackableRow = readonly [
  positions: string,
  actors: string,
  versions: string,
  ids: string,
  types: string,
  times: string,
  metadata: string,
  data: string | null,
]

/** A character that stands in no JSON. */
const otherMark = '\u0001'

/** What is no JSON, or is large: null. */
export interface OtherData {
  readonly position: number
  readonly text: string | null
}

/**
 * Rows on their way from one thread to another, by columns: that takes a third of the time of row by row, and what
 * repeats goes over once.
 */
export interface PackedRows {
  readonly positions: Float64Array
  readonly versions: Float64Array
  /** An array of JSON, as are {@link ids} and {@link data}. */
  readonly actors: string
  readonly ids: string
  readonly types: Repeats
  readonly times: Repeats
  readonly metadata: Repeats
  /** With null in the place of {@link others}. */
  readonly data: string
  /** In their order. */
  readonly others: readonly OtherData[]
}

/** Texts, and how many rows each of them stands in, one after the other. */
export interface Repeats {
  readonly texts: readonly string[]
  readonly counts: readonly number[]
}

/**
 * @param findOthers only asked where there are some
 * @returns undefined where what it found is of another moment
 */
export function packRows(
  [positions, actors, versions, ids, types, times, metadata, data]: PackableRow,
  findOthers: () => readonly OtherData[],
): PackedRows | undefined {
  const pieces = (data ?? '').split(otherMark)
  const others = pieces.length > 1 ? findOthers() : []
  if (others.length !== pieces.length - 1) return undefined
  return {
    positions: Float64Array.from(JSON.parse(positions) as number[]),
    versions: Float64Array.from(JSON.parse(versions) as number[]),
    actors,
    ids,
    types: repeatsIn(types),
    times: repeatsIn(times),
    metadata: repeatsIn(metadata),
    data: `[${pieces.join('null')}]`,
    others,
  }
}

function repeatsIn(list: string): Repeats {
  const texts: string[] = []
  const counts: number[] = []
  for (const text of JSON.parse(list) as string[]) {
    const last = texts.length - 1
    if (texts[last] === text) counts[last] = (counts[last] as number) + 1
    else {
      texts.push(text)
      counts.push(1)
    }
  }
  return { texts, counts }
}
