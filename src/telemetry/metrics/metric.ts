/** What an instrument measures. */
export interface MetricSpec {
  /** As OpenTelemetry spells names: `aether.append.duration`. */
  readonly name: string
  /** As OpenTelemetry spells units: `s`, `By`, `{event}`. */
  readonly unit: string
  readonly description: string
  /** The names of its labels. */
  readonly labels: readonly string[]
}

/** What was measured, as it stands at one moment. */
export interface Metric extends Omit<MetricSpec, 'labels'> {
  /** A counter only grows, as long as the process lives. */
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly points: readonly MetricPoint[]
}

/** A metric for one set of labels. */
export interface MetricPoint {
  readonly labels: Readonly<Record<string, string>>
  /** Of a histogram: the sum of all values. */
  readonly value: number
  /** Of a histogram: how many values there were up to each bound; the last one is Infinity. */
  readonly buckets?: readonly { readonly upTo: number; readonly count: number }[]
}

/** What gives a metric when it is asked. */
export interface Instrument {
  readonly spec: MetricSpec
  readonly kind: Metric['kind']
  points(): readonly MetricPoint[] | Promise<readonly MetricPoint[]>
}
