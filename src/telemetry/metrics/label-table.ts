/** How many sets of labels an instrument tells apart; the ones behind are one. */
const maxSets = 1_000

/** Takes the place of each label of a set that is one too many. */
const other = 'other'

/** What an instrument keeps for each set of labels that it met: bounded, whatever it is given. */
export class LabelTable<Series> {
  readonly #names: readonly string[]
  readonly #make: (labels: Readonly<Record<string, string>>) => Series
  readonly #series = new Map<string, Series>()

  constructor(
    names: readonly string[],
    make: (labels: Readonly<Record<string, string>>) => Series,
  ) {
    this.#names = names
    this.#make = make
  }

  /** In the order of the names. */
  of(values: readonly string[]): Series {
    const [only] = values
    const key = only !== undefined && values.length === 1 ? only : JSON.stringify(values)
    const known = this.#series.get(key)
    if (known) return known
    const isFull = this.#series.size >= maxSets
    if (isFull && values.some((value) => value !== other)) return this.of(values.map(() => other))
    const labels = this.#names.map((name, index) => [name, values[index] ?? ''] as const)
    const series = this.#make(Object.freeze(Object.fromEntries(labels)))
    this.#series.set(key, series)
    return series
  }

  get all(): Iterable<Series> {
    return this.#series.values()
  }
}
