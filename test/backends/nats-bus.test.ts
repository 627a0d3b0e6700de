import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { type EventBus, type EventBusOptions, openEventBus } from '../../src/bus/index.ts'
import { open } from '../../src/node/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { Counter } from '../actors/counter.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { Wire } from './wire.ts'

const namespace = 'n'
const maxPayload = 64 * 1024

let server: NatsServer
let places = 0
beforeAll(async () => {
  server = await startNatsServer({ maxPayload, config: 'max_pending: 2MB' })
})
afterAll(() => server.stop())

interface Opened {
  readonly store: EventStore
  readonly bus: EventBus
  readonly log: Logbook
}

async function openBus(
  options: Partial<NatsOptions> & { readonly namespace: string },
  busOptions: EventBusOptions = {},
): Promise<Opened> {
  const settings = { servers: server.url, durability: 'trust', ...options } as const
  const store = await nats(settings).openStore()
  const log = new Logbook()
  const bus = openEventBus(store, { logger: log, ...busOptions })
  onTestFinished(async () => {
    await bus.close()
    await store.close()
  })
  return { store, bus, log }
}

function newPlace(): string {
  return `bus-${places++}`
}

function hear(bus: EventBus, pattern = '>'): string[] {
  const heard: string[] = []
  bus.subscribe(pattern, ({ type }) => void heard.push(type))
  return heard
}

test('two nodes hear of what the other stored, and of their own', async () => {
  const backend = nats({ servers: server.url, namespace: newPlace(), durability: 'trust' })
  await using one = await open({ backend, actors: [Counter] })
  await using two = await open({ backend, actors: [Counter] })
  const nodes = [one, two]
  const heard = nodes.map(() => [] as string[])
  for (const [index, { bus }] of nodes.entries()) {
    bus.subscribe({ stored: true, actorTypes: ['counter'] }, ({ actorId, type, version }) => {
      heard[index]!.push(`${actorId} ${type} ${version}`)
    })
    await bus.flush()
  }
  await one.get(Counter, 'a').add({ by: 1 })
  await two.get(Counter, 'b').addTwice({ by: 1 })
  await expect(two.get(Counter, 'b').throwing()).rejects.toMatchObject({ code: 'actor-failed' })
  const expected = ['counter-a Added 1', 'counter-b Added 1', 'counter-b Added 2']
  await until(() => heard.every(({ length }) => length === 3), { description: 'all came' })
  for (const notices of heard) expect(notices.toSorted()).toEqual(expected)
})

test('another namespace of the same server hears nothing', async () => {
  const place = newPlace()
  const here = await openBus({ namespace: place })
  const there = await openBus({ namespace: place })
  const elsewhere = await openBus({ namespace: `${place}-` })
  const heard = hear(there.bus)
  const notheard = hear(elsewhere.bus)
  elsewhere.bus.subscribe({ stored: true }, ({ type }) => void notheard.push(type))
  for (const { bus } of [there, elsewhere]) await bus.flush()
  await here.store.append('a-1', [{ type: 'Stored', data: 1 }], { expectedVersion: 0 })
  here.bus.publish({ namespace, type: 'A' })
  await until(() => heard.length === 1, { description: 'the message comes' })
  elsewhere.bus.publish({ namespace, type: 'Own' })
  await elsewhere.bus.flush()
  expect(notheard).toEqual(['Own'])
})

test('after a restart of the server it goes on; what was published meanwhile is lost', async () => {
  const own = await startNatsServer()
  onTestFinished(() => own.stop())
  const place = { servers: own.url, namespace: newPlace() }
  const here = await openBus(place)
  const there = await openBus(place)
  const heard = hear(there.bus)
  const ownHeard = hear(here.bus)
  await there.bus.flush()
  here.bus.publish({ namespace, type: 'Before' })
  await until(() => heard.length === 1, { description: 'the first message comes' })

  await own.kill()
  await until(() => here.bus.counters.interruptions === 1, { description: 'it is noticed' })
  here.bus.publish({ namespace, type: 'Meanwhile' })
  expect(here.bus.counters.dropped).toBe(1)
  expect(ownHeard).toEqual(['Before', 'Meanwhile'])
  const flushing = here.bus.flush()

  await own.restart()
  await flushing
  await until(
    () => {
      here.bus.publish({ namespace, type: 'After' })
      return heard.includes('After')
    },
    { description: 'it is heard again' },
  )
  expect(heard.filter((type) => type !== 'After')).toEqual(['Before'])
  expect(there.bus.counters).toMatchObject({ interruptions: 1, subscriptions: 1 })
  expect(there.log.messages).toContain(
    'the bus lost its connection: messages of other processes are missed',
  )
})

test('a process that is too slow for the server is cut off, knows of it, and goes on', async () => {
  const place = newPlace()
  const wire = await Wire.to(server.port)
  onTestFinished(() => wire[Symbol.asyncDispose]())
  const here = await openBus({ namespace: place })
  const there = await openBus({ namespace: place, servers: wire.url })
  const heard = hear(there.bus)
  await there.bus.flush()
  wire.clog()
  const data = 'x'.repeat(60_000)
  await until(
    async () => {
      for (let count = 0; count < 50; count++) here.bus.publish({ namespace, type: 'Big', data })
      await here.bus.flush()
      return (await readFile(join(server.folder, 'nats.log'), 'utf8')).includes('Slow Consumer')
    },
    { description: 'the server has had enough' },
  )
  wire.cut()
  wire.mend()
  await until(() => there.bus.counters.interruptions > 0, { description: 'it is noticed' })
  await until(
    () => {
      here.bus.publish({ namespace, type: 'After' })
      return heard.includes('After')
    },
    { description: 'it is heard again' },
  )
})

test('what does not fit a message of the server is refused, and nobody gets it', async () => {
  const place = newPlace()
  const here = await openBus({ namespace: place })
  const there = await openBus({ namespace: place })
  const heard = [hear(here.bus), hear(there.bus)]
  await there.bus.flush()
  const data = 'x'.repeat(maxPayload)
  expect(() => here.bus.publish({ namespace, type: 'Big', data })).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  )
  here.bus.publish({ namespace, type: 'Small' })
  await until(() => heard[1]!.length > 0, { description: 'the small one comes' })
  expect(heard).toEqual([['Small'], ['Small']])
  expect(here.bus.counters.published).toBe(1)
})

describe('notices', () => {
  test('of what is stored together travel together', async () => {
    const place = newPlace()
    const { store } = await openBus({ namespace: place })
    const sent = await rawMessages(`aether.${place}.bus.stored.>`)
    const began = performance.now()
    const appends = Array.from({ length: 500 }, (_, index) =>
      store.append(`a-${index}`, [{ type: 'A', data: 1 }], { expectedVersion: 0 }),
    )
    await Promise.all(appends)
    const notices = (): unknown[] => sent.flatMap((text) => JSON.parse(text) as unknown[])
    await until(() => notices().length === 500, { description: 'all were told of' })
    // One text each 5 ms, however long the appends take; a timer may be a moment early.
    expect(sent.length).toBeLessThanOrEqual(3 + (performance.now() - began) / 4)
  })

  test('that are too large for one message go in several', async () => {
    const place = newPlace()
    const here = await openBus({ namespace: place })
    const there = await openBus({ namespace: place })
    const versions: number[] = []
    there.bus.subscribe({ stored: true }, ({ version }) => void versions.push(version))
    await there.bus.flush()
    // Short in what is stored, long in what is told: the key stands in each notice.
    const events = Array.from({ length: 300 }, () => ({ type: 'A', data: 1 }))
    await here.store.append(`a-${'\u0001'.repeat(200)}`, events, { expectedVersion: 0 })
    await until(() => versions.length === 300, { description: 'all were told of' })
    expect(versions).toEqual(Array.from({ length: 300 }, (_, index) => index + 1))
    expect(here.bus.counters.dropped).toBe(0)
  })
})

test('what cannot be read is counted, told once, and stops nothing', async () => {
  const place = newPlace()
  const { bus, log } = await openBus({ namespace: place })
  const heard = hear(bus)
  const notices: string[] = []
  bus.subscribe({ stored: true }, ({ type }) => void notices.push(type))
  await bus.flush()
  const connection = await connect({ servers: server.url })
  onTestFinished(() => connection.close())
  const good = { id: '1', namespace, type: 'A', time: 't', data: 1, metadata: {} }
  const bad = [
    ...['', 'no JSON', 'null', '1', '[]', '{}'],
    ...[{ id: 1 }, { metadata: null }, { metadata: { a: 1 } }, { actorId: 'x' }].map((change) =>
      JSON.stringify({ ...good, ...change }),
    ),
  ]
  for (const text of bad) connection.publish(`aether.${place}.bus.message.A.-.n`, text)
  for (const text of ['{}', '[1]', '[["e","a-1","A",1.5,1,"t"]]', '[["e","a","A",1,1,"t"]]'])
    connection.publish(`aether.${place}.bus.stored.a`, text)
  connection.publish(`aether.${place}.bus.message.A.-.n`, JSON.stringify(good))
  connection.publish(`aether.${place}.bus.stored.a`, '[["e","a-1","Stored",1,1,"t"]]')
  await until(() => notices.length === 1, { description: 'the last one comes' })
  expect(heard).toEqual(['A'])
  expect(notices).toEqual(['Stored'])
  expect(bus.counters.errors).toBe(bad.length + 4)
  expect(log.messages).toHaveLength(2)
})

test('the server sends only what somebody wants', async () => {
  const place = newPlace()
  const { bus } = await openBus({ namespace: place })
  bus.subscribe({ namespace: 'shop.>', eventTypes: ['A', 'B'], actorTypes: ['order'] }, () => {})
  const all = bus.subscribe('>', () => {})
  all.unsubscribe()
  await bus.flush()
  const connection = await connect({ servers: server.url })
  onTestFinished(() => connection.close())
  // What comes can't be read, and is counted.
  const addresses = [
    'A.order.shop.x',
    'B.order.shop.x.y',
    'A.order.shop',
    'A.-.shop.x',
    'C.order.shop.x',
  ]
  for (const address of addresses) connection.publish(`aether.${place}.bus.message.${address}`, '?')
  connection.publish(`aether.${place}.bus.stored.order`, '?')
  await connection.flush()
  await bus.flush()
  expect(bus.counters.errors).toBe(2)
})

test('more under way than the memory should hold is thrown away and counted', async () => {
  const wire = await Wire.to(server.port)
  onTestFinished(() => wire[Symbol.asyncDispose]())
  const { bus } = await openBus({ namespace: newPlace(), servers: wire.url })
  wire.hold('requests')
  const data = 'x'.repeat(60_000)
  for (let count = 0; count < 1_300; count++) bus.publish({ namespace, type: 'Big', data })
  expect(bus.counters.dropped).toBeGreaterThan(100)
  expect(bus.counters.dropped).toBeLessThan(300)
  wire.release()
  // A server that has much else to do may end the connection over so much at once.
  await until(() => bus.flush().then(() => true), { description: 'the rest is sent, or given up' })
  const before = bus.counters.dropped
  await until(
    () => {
      const { dropped } = bus.counters
      bus.publish({ namespace, type: 'Big', data })
      return bus.counters.dropped === dropped
    },
    { description: 'there is room again' },
  )
  expect(before).toBeGreaterThan(0)
})

/** The texts that come to a subject. */
async function rawMessages(subject: string): Promise<string[]> {
  const connection = await connect({ servers: server.url })
  onTestFinished(() => connection.close())
  const texts: string[] = []
  connection.subscribe(subject, { callback: (_, message) => void texts.push(message.string()) })
  await connection.flush()
  return texts
}
