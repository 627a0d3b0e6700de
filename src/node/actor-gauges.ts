import type { ActorHost } from '../actors/index.ts'
import { parseActorId } from '../core/index.ts'
import type { MetricRegistry } from '../telemetry/index.ts'

interface Gauge {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly read: (host: ActorHost) => Iterable<readonly [type: string, value: number]>
  /** Makes one of the values of a type. */
  readonly merge: (a: number, b: number) => number
}

const gauges: readonly Gauge[] = [
  {
    name: 'aether.actors.live',
    unit: '{actor}',
    description: 'Actors in memory.',
    read: (host) => Array.from(host.workloads(), ({ type }) => [type, 1]),
    merge: sum,
  },
  {
    name: 'aether.mailbox.waiting',
    unit: '{command}',
    description: 'Commands that wait for actors.',
    read: waiting,
    merge: sum,
  },
  {
    name: 'aether.mailbox.deepest',
    unit: '{command}',
    description: 'Commands that wait for the one actor that most wait for.',
    read: waiting,
    merge: Math.max,
  },
  {
    name: 'aether.actors.quarantined',
    unit: '{actor}',
    description: 'Actors that are not asked any more, as their own code failed again and again.',
    read: (host) => host.quarantined.map(({ actorId }) => [parseActorId(actorId).type, 1]),
    merge: sum,
  },
]

/** What there is to be seen of the actors whenever somebody looks. */
export function observeActors(metrics: MetricRegistry, host: ActorHost): void {
  for (const { read, merge, ...spec } of gauges)
    metrics.observe('gauge', { ...spec, labels: ['aether.actor.type'] }, () =>
      merged(host.types, read(host), merge),
    )
}

function waiting(host: ActorHost): readonly (readonly [string, number])[] {
  return Array.from(host.workloads(), ({ type, waiting }) => [type, waiting])
}

function sum(a: number, b: number): number {
  return a + b
}

/** One value for each type, 0 where there is none: an alert needs something to look at. */
function merged(
  types: readonly string[],
  values: Iterable<readonly [type: string, value: number]>,
  merge: (a: number, b: number) => number,
): Iterable<readonly [values: readonly string[], value: number]> {
  const byType = new Map(types.map((type) => [type, 0]))
  for (const [type, value] of values) byType.set(type, merge(byType.get(type) ?? 0, value))
  return Array.from(byType, ([type, value]) => [[type], value] as const)
}
