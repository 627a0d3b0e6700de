import type { BatchObservableResult, Meter, Observable } from '@opentelemetry/api'
import { Histogram } from '../metrics/histogram.ts'
import type { Instrument } from '../metrics/metric.ts'
import type { OpenTelemetryApi } from './open-telemetry.ts'

/** The numbers of the nodes of this process that are shown now. */
const taken = new Set<number>()

/**
 * Shows instruments through OpenTelemetry's meter. What counts is asked only when it is collected; a
 * histogram is told each value, as OpenTelemetry has none that can be asked.
 */
export class MeterBridge implements Disposable {
  readonly #meter: Meter
  readonly #observed = new Map<Observable, Instrument>()
  readonly #told: Histogram[] = []
  readonly #number = lowestFree()
  /** Tells the nodes of one process apart, where there are several. */
  readonly #own: Readonly<Record<string, string>> =
    this.#number > 1 ? { 'aether.node': String(this.#number) } : {}

  constructor({ metrics }: OpenTelemetryApi, instruments: readonly Instrument[]) {
    taken.add(this.#number)
    this.#meter = metrics.getMeter('aether')
    for (const instrument of instruments) {
      if (instrument instanceof Histogram) this.#tell(instrument)
      else this.#observed.set(this.#observable(instrument), instrument)
    }
    this.#meter.addBatchObservableCallback(this.#observe, [...this.#observed.keys()])
  }

  [Symbol.dispose](): void {
    this.#meter.removeBatchObservableCallback(this.#observe, [...this.#observed.keys()])
    for (const histogram of this.#told) histogram.mirror = undefined
    taken.delete(this.#number)
  }

  #tell(histogram: Histogram): void {
    const { name, unit, description } = histogram.spec
    const advice = { explicitBucketBoundaries: [...histogram.bounds] }
    const told = this.#meter.createHistogram(name, { unit, description, advice })
    histogram.mirror = (value, labels) => told.record(value, { ...labels, ...this.#own })
    this.#told.push(histogram)
  }

  #observable({ kind, spec: { name, unit, description } }: Instrument): Observable {
    return kind === 'counter'
      ? this.#meter.createObservableCounter(name, { unit, description })
      : this.#meter.createObservableGauge(name, { unit, description })
  }

  readonly #observe = async (result: BatchObservableResult): Promise<void> => {
    const asked = Array.from(this.#observed, async ([observable, instrument]) => ({
      observable,
      points: await instrument.points(),
    }))
    for (const { observable, points } of await Promise.all(asked))
      for (const { value, labels } of points)
        result.observe(observable, value, { ...labels, ...this.#own })
  }
}

function lowestFree(): number {
  let number = 1
  while (taken.has(number)) number++
  return number
}
