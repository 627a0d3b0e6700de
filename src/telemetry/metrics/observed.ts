import type { Instrument, MetricPoint, MetricSpec } from './metric.ts'

/** The values of the labels, in the order of the spec, and the number for them. */
export type Reading = readonly [values: readonly string[], value: number]

/** Asks for what something else keeps or counts, at the moment when it is asked itself. */
export class Observed implements Instrument {
  readonly spec: MetricSpec
  readonly kind: 'counter' | 'gauge'
  readonly #read: () => Iterable<Reading> | Promise<Iterable<Reading>>

  constructor(
    kind: 'counter' | 'gauge',
    spec: MetricSpec,
    read: () => Iterable<Reading> | Promise<Iterable<Reading>>,
  ) {
    this.spec = spec
    this.kind = kind
    this.#read = read
  }

  async points(): Promise<readonly MetricPoint[]> {
    return Array.from(await this.#read(), ([values, value]) => ({
      labels: Object.fromEntries(
        this.spec.labels.map((name, index) => [name, values[index] ?? '']),
      ),
      value,
    }))
  }
}
