import type { StoredEvent } from '../core/index.ts'
import type { StoreObserver } from '../store/index.ts'
import type { Count, Counter } from './metrics/counter.ts'
import type { Histogram, Spread } from './metrics/histogram.ts'
import type { MetricRegistry } from './metrics/metric-registry.ts'
import { outcomeOf } from './outcome.ts'

const actorType = 'aether.actor.type'

/** Counts what is written to a store. */
export class StoreMetrics implements StoreObserver {
  readonly #durations: Histogram
  readonly #events: Counter
  readonly #conflicts: Counter
  readonly #failures: Counter
  // What is stored mostly is of the type that was stored before, so no key is made of its labels.
  #storedDurations: Spread | undefined
  #newest: { readonly prefix: string; readonly count: Count } | undefined
  #subscriptions = 0

  constructor(registry: MetricRegistry) {
    this.#durations = registry.durations({
      name: 'aether.append.duration',
      description: 'One conditional write to the store, until it is durable: 0 in memory.',
      labels: ['aether.outcome'],
    })
    this.#events = registry.counter({
      name: 'aether.append.events',
      unit: '{event}',
      description: 'Events that this node stored.',
      labels: [actorType],
    })
    this.#conflicts = registry.counter({
      name: 'aether.append.conflicts',
      unit: '{conflict}',
      description: 'Writes that found their actor at another version.',
      labels: [actorType],
    })
    this.#failures = registry.counter({
      name: 'aether.append.failures',
      unit: '{failure}',
      description: 'Writes that failed, or of which the outcome is unknown.',
      labels: ['error.type'],
    })
    registry.observe(
      'gauge',
      {
        name: 'aether.subscriptions',
        unit: '{subscription}',
        description: 'Readers that follow the log.',
        labels: [],
      },
      () => [[[], this.#subscriptions]],
    )
  }

  stored(parts: readonly (readonly StoredEvent[])[], ms: number): void {
    this.#storedDurations ??= this.#durations.spread('stored')
    this.#storedDurations.record(ms / 1_000)
    for (const events of parts) {
      const [first] = events
      if (first) this.#countOf(first.actorId).value += events.length
    }
  }

  conflicted(actorId: string, ms: number): void {
    this.#durations.spread('conflict').record(ms / 1_000)
    this.#conflicts.count(typeOf(actorId)).value++
  }

  failed(error: unknown, ms: number): void {
    this.#durations.spread('failed').record(ms / 1_000)
    this.#failures.count(outcomeOf(error)).value++
  }

  following(): Disposable {
    this.#subscriptions++
    return { [Symbol.dispose]: () => void this.#subscriptions-- }
  }

  #countOf(actorId: string): Count {
    if (!this.#newest || !actorId.startsWith(this.#newest.prefix)) {
      const type = typeOf(actorId)
      this.#newest = { prefix: `${type}-`, count: this.#events.count(type) }
    }
    return this.#newest.count
  }
}

function typeOf(actorId: string): string {
  return actorId.slice(0, actorId.indexOf('-'))
}
