import { randomUUID } from 'node:crypto'
import type { EventStore } from 'aether'
import { nats } from 'aether/nats'
import type { NatsCluster } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { streamLeaderOf } from './stream-leader-of.ts'

/**
 * Who reads when a leader that was replaced while it was frozen goes on: the one who wrote meanwhile;
 * one who was connected to that leader all the time; one who was connected to another server.
 */
export const trialReaders = ['the writer', 'at the frozen one', 'elsewhere'] as const
export type TrialReader = (typeof trialReaders)[number]

/** What one reader saw within a second of the leader going on. */
export interface TrialReads {
  readonly reads: number
  /** How many of them didn't show what was acknowledged before they began. */
  readonly oldReads: number
  /** When the last of those was asked, behind the leader's going on. */
  readonly lastOldMs: number
}

export interface Trial {
  /** How long it took to elect another leader and to store an event. */
  readonly electedAfterMs: number
  readonly readers: Readonly<Record<TrialReader, TrialReads>>
}

const actor = 'account-1'
const observedMs = 1_000

/** One freeze of a leader, in a namespace of its own. All servers must run. */
export async function frozenLeaderTrial(cluster: NatsCluster): Promise<Trial> {
  const namespace = randomUUID()
  const openAt = (url: string): Promise<EventStore> =>
    nats({
      servers: url,
      namespace,
      replicas: 3,
      durability: 'trust',
      requestTimeoutMs: 1_000,
      retryForMs: 60_000,
    }).openStore()
  const [first] = cluster.urls
  await using writerAnywhere = await openAt(first ?? '')
  const event = { type: 'A', data: {} }
  await writerAnywhere.append(actor, [event], { expectedVersion: 0 })
  const leader = cluster.node(await streamLeaderOf(cluster, namespace))
  const [other, another] = cluster.nodes.filter((node) => node !== leader)
  await using writer = await openAt(other?.url ?? '')
  await using atFrozen = await openAt(leader.url)
  await using elsewhere = await openAt(another?.url ?? '')
  const stores = { 'the writer': writer, 'at the frozen one': atFrozen, elsewhere }
  for (const store of Object.values(stores)) await store.latestVersion(actor)
  await leader.pause()
  const begin = performance.now()
  const stored = await writer.append(actor, [event], { expectedVersion: 1 }).finally(() => {
    leader.resume()
  })
  const electedAfterMs = performance.now() - begin
  if (!stored.ok) throw new Error('nobody else writes here')
  const [byWriter, byFrozen, byOther] = await Promise.all(
    trialReaders.map((name) => observe(stores[name], 2)),
  )
  await until(async () => (await atFrozen.latestVersion(actor)) === 2, {
    description: 'the leader that was frozen knows it',
  })
  const readers = { 'the writer': byWriter, 'at the frozen one': byFrozen, elsewhere: byOther }
  return { electedAfterMs, readers: readers as Trial['readers'] }
}

/** Reads the version as fast as it goes, and counts which answers are too old. */
async function observe(store: EventStore, acknowledged: number): Promise<TrialReads> {
  const begin = performance.now()
  let seen = { reads: 0, oldReads: 0, lastOldMs: 0 }
  for (;;) {
    const askedMs = performance.now() - begin
    if (askedMs > observedMs) return seen
    const version = await store.latestVersion(actor)
    const events = askedMs < 100 ? (await Array.fromAsync(store.readAll())).length : version
    const { reads, oldReads, lastOldMs } = seen
    seen = { reads: reads + 1, oldReads, lastOldMs }
    if (version < acknowledged || events < acknowledged)
      seen = { ...seen, oldReads: oldReads + 1, lastOldMs: askedMs }
  }
}
