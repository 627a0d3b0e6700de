import type { Reminders } from '../actors/index.ts'
import type { Clock } from '../core/index.ts'
import type { MetricRegistry } from '../telemetry/index.ts'
import { limitedWait } from './limited-wait.ts'

/** How long the store may take to tell what waits. */
const answerMs = 2_000

/** How many messages and reminders wait for a node that delivers them, whenever somebody looks. */
export function observeDeliveries(
  metrics: MetricRegistry,
  reminders: Pick<Reminders, 'waiting'>,
  clock: Clock,
): void {
  const waiting = {
    name: 'aether.deliveries.waiting',
    unit: '{delivery}',
    description: 'Messages and reminders that are due, and that no node has taken yet.',
    labels: ['aether.actor.type'],
  }
  metrics.observe('gauge', waiting, async () => {
    const counts = await limitedWait(clock, answerMs, () => reminders.waiting())
    return Array.from(counts, ([type, count]) => [[type], count] as const)
  })
}
