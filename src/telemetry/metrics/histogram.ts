import { LabelTable } from './label-table.ts'
import type { Instrument, MetricPoint, MetricSpec } from './metric.ts'

type Labels = Readonly<Record<string, string>>

/** Takes each value as well. */
export type Mirror = (value: number, labels: Labels) => void

/** Tells how values are spread, for each set of labels. */
export class Histogram implements Instrument {
  readonly spec: MetricSpec
  readonly kind = 'histogram'
  /** Rising. */
  readonly bounds: readonly number[]
  /** OpenTelemetry's histograms can't be asked, so they are told. */
  mirror: Mirror | undefined
  readonly #spreads: LabelTable<Spread>

  constructor(spec: MetricSpec, bounds: readonly number[]) {
    this.spec = spec
    this.bounds = bounds
    this.#spreads = new LabelTable(spec.labels, (labels) => new Spread(this, labels))
  }

  /** The values of these labels, in the order of the spec: whoever records often keeps it. */
  spread(...values: readonly string[]): Spread {
    return this.#spreads.of(values)
  }

  points(): readonly MetricPoint[] {
    return Array.from(this.#spreads.all, (spread) => spread.point())
  }
}

/** How the values of one set of labels are spread. */
export class Spread {
  readonly #histogram: Histogram
  readonly #labels: Labels
  readonly #counts: Float64Array
  #sum = 0

  constructor(histogram: Histogram, labels: Labels) {
    this.#histogram = histogram
    this.#labels = labels
    this.#counts = new Float64Array(histogram.bounds.length + 1)
  }

  record(value: number): void {
    const { bounds, mirror } = this.#histogram
    let bucket = 0
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1
    this.#sum += value
    mirror?.(value, this.#labels)
  }

  point(): MetricPoint {
    let count = 0
    const buckets = Array.from(this.#counts, (inBucket, index) => {
      count += inBucket
      return { upTo: this.#histogram.bounds[index] ?? Infinity, count }
    })
    return { labels: this.#labels, value: this.#sum, buckets }
  }
}
