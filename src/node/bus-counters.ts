import type { BusCounters, EventBus } from '../bus/index.ts'
import type { MetricRegistry } from '../telemetry/index.ts'

const descriptions: Readonly<Record<Exclude<keyof BusCounters, 'subscriptions'>, string>> = {
  published: 'Messages and notices that this node published.',
  received: 'Messages and notices that subscribers of this node were given.',
  errors: 'Handlers that failed, and what came from others and could not be read.',
  dropped: 'Messages that a subscriber was too slow for.',
  interruptions: 'Times that the connection to other nodes was lost, and what they sent with it.',
}

/** Shows what the bus counts. */
export function observeBus(metrics: MetricRegistry, bus: EventBus): void {
  for (const [name, description] of Object.entries(descriptions)) {
    const unit = name === 'interruptions' ? '{interruption}' : '{message}'
    const spec = { name: `aether.bus.${name}`, unit, description, labels: [] }
    const read = (): number => bus.counters[name as keyof BusCounters]
    metrics.observe('counter', spec, () => [[[], read()]])
  }
  const subscriptions = {
    name: 'aether.bus.subscriptions',
    unit: '{subscription}',
    description: 'Subscribers of this node.',
    labels: [],
  }
  metrics.observe('gauge', subscriptions, () => [[[], bus.counters.subscriptions]])
}
