import { LabelTable } from './label-table.ts'
import type { Instrument, MetricPoint, MetricSpec } from './metric.ts'

/** Counts what happens, for each set of labels. */
export class Counter implements Instrument {
  readonly spec: MetricSpec
  readonly kind = 'counter'
  readonly #counts: LabelTable<Count>

  constructor(spec: MetricSpec) {
    this.spec = spec
    this.#counts = new LabelTable(spec.labels, (labels) => ({ labels, value: 0 }))
  }

  /** The count of these labels, in the order of the spec: whoever counts often keeps it. */
  count(...values: readonly string[]): Count {
    return this.#counts.of(values)
  }

  points(): readonly MetricPoint[] {
    return Array.from(this.#counts.all, (count) => ({ ...count }))
  }
}

/** A number that only grows. */
export interface Count {
  readonly labels: Readonly<Record<string, string>>
  value: number
}
