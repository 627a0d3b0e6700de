import type { Clock } from '../core/index.ts'
import type { ProjectionStatus, ReaderHealth } from '../projections/index.ts'
import { type MetricRegistry, readerLabels } from '../telemetry/index.ts'
import { limitedWait } from './limited-wait.ts'

/** The readers of a node. */
interface Readers {
  health(): readonly ReaderHealth[]
  ownStatus(): Promise<readonly ProjectionStatus[]>
  /** Each asks about one that other nodes run. */
  readonly glances: readonly (() => Promise<ProjectionStatus>)[]
}

const states: readonly ProjectionStatus['state'][] = [
  ...(['catching-up', 'live', 'paused', 'failed', 'stuck', 'rebuilding'] as const),
  ...(['stopped', 'silent'] as const),
]

/** How long the store may take to tell how far readers are. */
const answerMs = 2_000

/** Known without the store: a reader that failed is shown as such while the store is away. */
const stateGauge = {
  name: 'aether.projection.state',
  unit: '{projection}',
  description: '1 for the state that it is in, 0 for all others.',
  labels: [...readerLabels, 'aether.state'],
}

interface Gauge {
  readonly name: string
  readonly unit: string
  readonly description: string
  readonly read: (status: ProjectionStatus) => number
}

/** What only the store can tell. */
const gauges: readonly Gauge[] = [
  {
    name: 'aether.projection.position',
    unit: '{position}',
    description: 'Up to where it has handled the log.',
    read: ({ position }) => position,
  },
  {
    name: 'aether.projection.lag.events',
    unit: '{event}',
    description: 'Of the log, not looked at yet.',
    read: ({ lag }) => lag.events,
  },
  {
    name: 'aether.projection.lag',
    unit: 's',
    description:
      'The age of the oldest event that has not taken effect yet, also of actors that are held back.',
    read: ({ lag }) => lag.seconds,
  },
  {
    name: 'aether.projection.parked',
    unit: '{actor}',
    description: 'Actors whose events wait for somebody to mend something.',
    read: ({ parked }) => parked,
  },
  {
    name: 'aether.projection.retrying',
    unit: '{actor}',
    description: 'Actors whose events failed and are tried again.',
    read: ({ retrying }) => retrying,
  },
]

/** What there is to be seen of the readers whenever somebody looks. */
export function observeReaders(metrics: MetricRegistry, readers: Readers, clock: Clock): void {
  const watched = askedAgain(readers, clock)
  metrics.observe('gauge', stateGauge, async () =>
    [...readers.health(), ...(await watched())].flatMap(({ kind, name, state }) =>
      states.map((each) => [[kind, name, each], each === state ? 1 : 0] as const),
    ),
  )
  const own = askedOnce(() => limitedWait(clock, answerMs, () => readers.ownStatus()))
  for (const { read, ...spec } of gauges)
    metrics.observe('gauge', { ...spec, labels: readerLabels }, async () => {
      const all = await Promise.all([own(), watched()])
      return all.flat().map((each) => [[each.kind, each.name], read(each)] as const)
    })
}

/** Those that other nodes run. One that can't be told, or not in time, is left out, and keeps no other back. */
function askedAgain(readers: Readers, clock: Clock): () => Promise<readonly ProjectionStatus[]> {
  const glances = readers.glances.map(askedOnce)
  return askedOnce(async () => {
    const told = glances.map((glance) => limitedWait(clock, answerMs, glance))
    const settled = await Promise.allSettled(told)
    return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  })
}

/** All who ask while it is under way get the same answer. */
function askedOnce<T>(ask: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined
  return () => (underWay ??= ask().finally(() => (underWay = undefined)))
}
