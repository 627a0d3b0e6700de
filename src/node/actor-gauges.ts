import type { ActorHost } from '../actors/index.ts'
import { parseActorId } from '../core/index.ts'
import type { MetricRegistry } from '../telemetry/index.ts'

/** What there is to be seen of the actors whenever somebody looks. */
export function observeActors(metrics: MetricRegistry, host: ActorHost): void {
  const observe = (
    { name, unit, description }: Gauge,
    read: () => Iterable<readonly [type: string, value: number]>,
    merge: (a: number, b: number) => number,
  ): void =>
    metrics.observe('gauge', { name, unit, description, labels: ['aether.actor.type'] }, () =>
      merged(host.types, read(), merge),
    )
  const waiting = (): readonly (readonly [string, number])[] =>
    Array.from(host.workloads(), ({ type, waiting }) => [type, waiting])
  const live = { name: 'aether.actors.live', unit: '{actor}', description: 'Actors in memory.' }
  observe(live, () => waiting().map(([type]) => [type, 1]), sum)
  observe(
    {
      name: 'aether.mailbox.waiting',
      unit: '{command}',
      description: 'Commands that wait for actors.',
    },
    waiting,
    sum,
  )
  observe(
    {
      name: 'aether.mailbox.deepest',
      unit: '{command}',
      description: 'Commands that wait for the one actor that most wait for.',
    },
    waiting,
    Math.max,
  )
  const quarantined = {
    name: 'aether.actors.quarantined',
    unit: '{actor}',
    description: 'Actors that are not asked any more, as their own code failed again and again.',
  }
  observe(
    quarantined,
    () => host.quarantined.map(({ actorId }) => [parseActorId(actorId).type, 1]),
    sum,
  )
}

interface Gauge {
  readonly name: string
  readonly unit: string
  readonly description: string
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
