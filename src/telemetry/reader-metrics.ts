import type { ReaderName } from '../projections/index.ts'
import type { Counter } from './metrics/counter.ts'
import type { MetricRegistry } from './metrics/metric-registry.ts'

/** By which the metrics of readers are told apart: the kind of a reader and its name. */
export const readerLabels = ['aether.projection.kind', 'aether.projection.name']

/** Counts what views, projections and policies do. */
export class ReaderMetrics {
  readonly #events: Counter
  readonly #failures: Counter
  readonly #releases: Counter
  readonly #outages: Counter

  constructor(registry: MetricRegistry) {
    const labels = readerLabels
    this.#events = registry.counter({
      name: 'aether.projection.events',
      unit: '{event}',
      description: 'Events that took effect.',
      labels,
    })
    this.#failures = registry.counter({
      name: 'aether.projection.failures',
      unit: '{failure}',
      description: 'Events whose handler failed, so that their actor is held back.',
      labels,
    })
    this.#releases = registry.counter({
      name: 'aether.projection.releases',
      unit: '{actor}',
      description: 'Actors that were held back and caught up again.',
      labels,
    })
    this.#outages = registry.counter({
      name: 'aether.projection.outages',
      unit: '{outage}',
      description: 'Times that it could not go on at all.',
      labels,
    })
  }

  handled({ kind, name }: ReaderName, events: number): void {
    this.#events.count(kind, name).value += events
  }

  heldBack({ kind, name }: ReaderName): void {
    this.#failures.count(kind, name).value++
  }

  released({ kind, name }: ReaderName): void {
    this.#releases.count(kind, name).value++
  }

  failed({ kind, name }: ReaderName): void {
    this.#outages.count(kind, name).value++
  }
}
