import { type Logger, messageOf } from '../../core/index.ts'
import { Counter } from './counter.ts'
import { Histogram } from './histogram.ts'
import type { Instrument, Metric, MetricSpec } from './metric.ts'
import { Observed, type Reading } from './observed.ts'

/** Upper bounds in seconds: from a write to memory up to what nobody waits for any more. */
const usualBounds: readonly number[] = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025],
  ...[0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
]

/** All instruments of a node. */
export class MetricRegistry {
  readonly #logger: Logger
  readonly #instruments: Instrument[] = []

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get instruments(): readonly Instrument[] {
    return this.#instruments
  }

  counter(spec: MetricSpec): Counter {
    return this.#add(new Counter(spec))
  }

  /** Of durations in seconds. */
  durations(spec: Omit<MetricSpec, 'unit'>, bounds = usualBounds): Histogram {
    return this.#add(new Histogram({ ...spec, unit: 's' }, bounds))
  }

  /** Shows what something else keeps or counts: it is asked whenever metrics are. */
  observe(
    kind: 'counter' | 'gauge',
    spec: MetricSpec,
    read: () => Iterable<Reading> | Promise<Iterable<Reading>>,
  ): void {
    this.#add(new Observed(kind, spec, read))
  }

  /** What all of them say now. One that can't be asked has no points, and keeps no other back. */
  collect(): Promise<readonly Metric[]> {
    return Promise.all(this.#instruments.map((instrument) => this.#ask(instrument)))
  }

  #add<I extends Instrument>(instrument: I): I {
    this.#instruments.push(instrument)
    return instrument
  }

  async #ask(instrument: Instrument): Promise<Metric> {
    const { name, unit, description } = instrument.spec
    const { kind } = instrument
    try {
      return { name, kind, unit, description, points: await instrument.points() }
    } catch (error) {
      this.#logger.debug({ metric: name }, `${name} can't be told: ${messageOf(error)}`)
      return { name, kind, unit, description, points: [] }
    }
  }
}
