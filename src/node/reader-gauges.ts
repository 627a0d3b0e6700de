import type { Clock } from '../core/index.ts'
import type { ProjectionStatus, ReaderHealth } from '../projections/index.ts'
import { type MetricRegistry, readerLabels } from '../telemetry/index.ts'
import { limitedWait } from './limited-wait.ts'

/** The readers of a node. */
interface Readers {
  health(): readonly ReaderHealth[]
  status(): Promise<readonly ProjectionStatus[]>
}

const states: readonly ProjectionStatus['state'][] = [
  ...(['catching-up', 'live', 'paused', 'failed', 'rebuilding'] as const),
]

/** How long the store may take to tell how far readers are. */
const answerMs = 2_000

/** What there is to be seen of the readers whenever somebody looks. */
export function observeReaders(metrics: MetricRegistry, readers: Readers, clock: Clock): void {
  // Known without the store: one that failed is shown as such while the store is away.
  const state = {
    name: 'aether.projection.state',
    unit: '{projection}',
    description: '1 for the state that it is in, 0 for all others.',
    labels: [...readerLabels, 'aether.state'],
  }
  metrics.observe('gauge', state, () =>
    readers
      .health()
      .flatMap(({ kind, name, state }) =>
        states.map((each) => [[kind, name, each], each === state ? 1 : 0] as const),
      ),
  )
  const status = askedOnce(() => limitedWait(clock, answerMs, () => readers.status()))
  const observe = (
    name: string,
    unit: string,
    description: string,
    read: (status: ProjectionStatus) => number,
  ): void =>
    metrics.observe('gauge', { name, unit, description, labels: readerLabels }, async () =>
      (await status()).map((each) => [[each.kind, each.name], read(each)] as const),
    )
  observe(
    'aether.projection.position',
    '{position}',
    'Up to where it has handled the log.',
    (each) => each.position,
  )
  observe(
    'aether.projection.lag.events',
    '{event}',
    'Of the log, not looked at yet.',
    (each) => each.lag.events,
  )
  observe(
    'aether.projection.lag',
    's',
    'The age of the oldest event that has not taken effect yet, also of actors that are held back.',
    (each) => each.lag.seconds,
  )
  observe(
    'aether.projection.parked',
    '{actor}',
    'Actors whose events wait for somebody to mend something.',
    (each) => each.parked,
  )
  observe(
    'aether.projection.retrying',
    '{actor}',
    'Actors whose events failed and are tried again.',
    (each) => each.retrying,
  )
}

/** All who ask while it is under way get the same answer. */
function askedOnce<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined
  return () => (underWay ??= ask().finally(() => (underWay = undefined)))
}
