import type { EventStore, StoredEvent, Subscription } from 'aether'
import { nats } from 'aether/nats'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { startNatsCluster, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'

/** Appends one after the other, through whatever outage. */
async function append(store: EventStore, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const id = `e-${n}`
    const result = await store.append('order-1', [{ id, type: 'Counted', data: n }], {
      expectedVersion: n,
    })
    expect(result.ok).toBe(true)
  }
}

/** What the subscription has given so far. */
function follow(subscription: Subscription): {
  readonly seen: StoredEvent[]
  readonly end: Promise<void>
} {
  const seen: StoredEvent[] = []
  const end = (async () => {
    for await (const event of subscription) seen.push(event)
  })()
  return { seen, end }
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

test('a subscription goes on after its server was killed, without gap or repetition', async () => {
  await using server = await startNatsServer()
  const backend = nats({ servers: server.url })
  await using writer = await backend.openStore()
  await using reader = await backend.openStore()
  const controller = new AbortController()
  const { seen, end } = follow(reader.subscribe({ signal: controller.signal }))
  await append(writer, 0, 20)
  await until(() => seen.length === 20, { description: 'the first 20 events' })
  for (const round of [1, 2]) {
    await server.kill()
    await server.restart()
    await append(writer, 20 * round, 20 * round + 20)
    await until(() => seen.length >= 20 * round + 20, {
      description: `20 more, round ${round}`,
    })
  }
  controller.abort()
  await expect(end).rejects.toThrow('aborted')
  expect(seen.map((event) => event.data)).toEqual(numbers(60))
})

test('a subscription goes on while the servers of a cluster are killed in turn', async () => {
  await using cluster = await startNatsCluster()
  const backend = nats({ servers: cluster.urls, replicas: 3, retryForMs: 60_000 })
  await using writer = await backend.openStore()
  await using reader = await backend.openStore()
  const controller = new AbortController()
  const { seen, end } = follow(reader.subscribe({ signal: controller.signal }))
  await append(writer, 0, 20)
  await until(() => seen.length === 20, { description: 'the first 20 events' })
  let count = 20
  for (const node of cluster.nodes) {
    await node.kill()
    await append(writer, count, count + 20)
    count += 20
    await until(() => seen.length >= count, { description: `${count} events`, timeoutMs: 60_000 })
    await node.restart()
    await cluster.ready()
  }
  controller.abort()
  await expect(end).rejects.toThrow('aborted')
  expect(seen.map((event) => event.data)).toEqual(numbers(80))
}, 180_000)

test('a subscription that ends leaves no consumer behind', async () => {
  await using server = await startNatsServer()
  const backend = nats({ servers: server.url })
  const connection = await connect({ servers: server.url })
  const { streams } = await jetstreamManager(connection)
  const consumers = async (): Promise<number> =>
    (await streams.info('AETHER_default')).state.consumer_count
  {
    await using store = await backend.openStore()
    const controller = new AbortController()
    const { end } = follow(store.subscribe({ signal: controller.signal }))
    await until(async () => (await consumers()) === 1, { description: 'its consumer' })
    controller.abort()
    await expect(end).rejects.toThrow('aborted')
    await until(async () => (await consumers()) === 0, { description: 'no consumer' })

    const { end: ending } = follow(store.subscribe())
    ending.catch(() => undefined)
    await until(async () => (await consumers()) === 1, { description: 'another consumer' })
  }
  // Neither when the store was closed meanwhile.
  await until(async () => (await consumers()) === 0, { description: 'no consumer' })
  await connection.close()
})
