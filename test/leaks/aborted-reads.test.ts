import { getEventListeners } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { EventStore } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { expect, test } from 'vitest'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { monitored, monitoringOf } from '../support/nats-monitoring.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { AbortedReads, eventCount, fill, type ReadName } from './aborted-reads.ts'
import { processUsage, usedMegabytes } from './process-usage.ts'

/** A read that holds on to a kilobyte would add ten; what the runtime keeps of its own was five. */
const mostGrowthMegabytes = 7

/** Timers and pipes of the test runner come and go meanwhile. */
const mostOthers = 3

type Counts = Readonly<Record<ReadName, number>>

/** Aborts reads, and shows that this process holds as much as after the first few. */
async function abortReads(store: EventStore, counts: Counts): Promise<void> {
  await fill(store)
  const reads = new AbortedReads(store, new SeededRandom(1))
  await reads.run({ read: 100, backwards: 100, readAll: 100, subscribe: 20 })
  const before = processUsage()
  const megabytes = usedMegabytes()
  await reads.run(counts)
  const isAsBefore = (): boolean => {
    for (const [kind, count] of processUsage())
      expect(count, kind).toBeLessThanOrEqual((before.get(kind) ?? 0) + mostOthers)
    return true
  }
  await until(isAsBefore, { description: 'as much is open as before' })
  expect(usedMegabytes() - megabytes).toBeLessThan(mostGrowthMegabytes)
  expect(getEventListeners(reads.lastingSignal, 'abort')).toEqual([])
  // Else nothing was shown.
  expect(reads.aborted).toBeGreaterThan(1_000)
  expect(reads.left).toBeGreaterThan(1_000)
  expect(await Array.fromAsync(store.readAll())).toHaveLength(eventCount)
}

test('10,000 aborted reads of SQLite leave nothing open', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  await using store = await sqlite(file).openStore()
  await abortReads(store, { read: 3_000, backwards: 2_000, readAll: 3_000, subscribe: 2_000 })
  // A statement that is still being read would keep the log from being written back whole.
  using other = new DatabaseSync(file)
  expect(other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()).toMatchObject({ busy: 0 })
})

// Fewer subscriptions: each that is alone makes a consumer and deletes it, which takes milliseconds.
test('10,000 aborted reads of JetStream leave nothing open', async () => {
  await using server = await startNatsServer({ config: monitored })
  await using store = await nats({ servers: server.url, name: 'reader' }).openStore()
  const countOf = (): Promise<number> => subscriptionsOf('reader', server)
  const subscriptions = await countOf()
  await abortReads(store, { read: 5_000, backwards: 2_700, readAll: 2_000, subscribe: 300 })
  await until(async () => (await countOf()) <= subscriptions + 1, {
    description: 'the connection has no subscription but that of its requests',
  })
})

test('aborted reads of JetStream leave no consumer on the server', async () => {
  await using server = await startNatsServer()
  await using store = await nats({ servers: server.url }).openStore()
  await fill(store)
  const reads = new AbortedReads(store, new SeededRandom(2))
  await reads.run({ read: 50, readAll: 50, subscribe: 200 })
  await using observer = await connect({ servers: server.url })
  const manager = await jetstreamManager(observer)
  await until(
    async () => (await manager.streams.info('AETHER_default')).state.consumer_count === 0,
    { description: 'the stream has no consumer' },
  )
})

/** How many the connection of this name has at the server. */
async function subscriptionsOf(name: string, server: NatsServer): Promise<number> {
  const reply = await fetch(`${await monitoringOf(server)}/connz`)
  const { connections } = (await reply.json()) as {
    connections: { name?: string; subscriptions: number }[]
  }
  return connections.find((connection) => connection.name === name)?.subscriptions ?? 0
}
