import { type EventStore, silentLogger, type StoredEvent, type Subscription } from 'aether'
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
  const backend = nats({ servers: server.url, retryForMs: 60_000 })
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

test('a subscription outlasts an outage that is longer than any read waits', async () => {
  await using server = await startNatsServer()
  const backend = nats({ servers: server.url, retryForMs: 200 })
  await using writer = await nats({ servers: server.url }).openStore()
  const warnings: string[] = []
  const warn = (_: object, message: string): void => void warnings.push(message)
  await using reader = await backend.openStore({ logger: { ...silentLogger, warn } })
  const waits = (): number => warnings.filter((each) => each.includes('waits at')).length
  const controller = new AbortController()
  const all = follow(reader.subscribe({ signal: controller.signal }))
  const filter = { eventTypes: ['Counted'] }
  const some = follow(reader.subscribe({ signal: controller.signal, filter }))
  await append(writer, 0, 5)
  await until(() => all.seen.length === 5 && some.seen.length === 5, { description: '5 events' })
  await server.kill()
  await until(() => waits() === 2, { description: 'both tell that they wait' })
  await expect(reader.lastPosition()).rejects.toMatchObject({ code: 'store-unavailable' })
  await server.restart()
  await append(writer, 5, 10)
  const areThere = (): boolean => all.seen.length >= 10 && some.seen.length >= 10
  await until(areThere, { description: '10 events' })
  for (const { seen } of [all, some]) expect(seen.map((event) => event.data)).toEqual(numbers(10))
  expect(waits(), 'it is told once').toBe(2)
  controller.abort()
  for (const { end } of [all, some]) await expect(end).rejects.toThrow('aborted')
})

test('a subscription that waits for the store ends with it', async () => {
  await using server = await startNatsServer()
  const told = Promise.withResolvers<void>()
  const logger = { ...silentLogger, warn: () => told.resolve() }
  const backend = nats({ servers: server.url, retryForMs: 200, durability: 'trust' })
  const store = await backend.openStore({ logger })
  const { end } = follow(store.subscribe())
  end.catch(() => undefined)
  await server.kill()
  await told.promise
  await store.close()
  await expect(end).rejects.toMatchObject({ code: 'closed' })
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
})

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
