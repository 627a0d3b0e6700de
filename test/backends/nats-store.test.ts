import { jetstreamManager } from '@nats-io/jetstream'
import { connect, headers, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { type ActorId, MalformedEventError, messageOf } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'

const alice: ActorId = 'account-alice'
const maxPayload = 100_000

let server: NatsServer
let raw: NatsConnection
let namespaces = 0

beforeAll(async () => {
  server = await startNatsServer({ config: 'http: "127.0.0.1:-1"', maxPayload })
  raw = await connect({ servers: server.url })
})
afterAll(async () => {
  await raw.close()
  await server.stop()
})

interface Scene {
  readonly namespace: string
  readonly store: EventStore
  another(): Promise<EventStore>
}

async function scene(options: Partial<NatsOptions> = {}): Promise<Scene> {
  const namespace = `store-${namespaces++}`
  const another = async (): Promise<EventStore> => {
    const store = await nats({ servers: server.url, namespace, ...options }).openStore()
    onTestFinished(() => store.close())
    return store
  }
  return { namespace, store: await another(), another }
}

describe('the largest message', () => {
  test('is refused before it is sent, naming its bytes and the bound', async () => {
    const { store } = await scene()
    const data = 'x'.repeat(maxPayload)
    const sent = raw.stats().outMsgs
    await expect(
      store.append(alice, [{ type: 'Noted', data }], { expectedVersion: 0 }),
    ).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/ 100\d\d\d bytes, .* at most 100000:/) as string,
    })
    expect(raw.stats().outMsgs).toBe(sent)
    expect(await store.latestVersion(alice)).toBe(0)
  })

  test('is bounded to the byte, headers and all, and can be read', async () => {
    const { store } = await scene()
    const tooMuch = await sizeRefused(store, 'x'.repeat(maxPayload))
    const data = 'x'.repeat(maxPayload - (tooMuch - maxPayload))
    expect(await sizeRefused(store, `${data}x`)).toBe(maxPayload + 1)
    const result = await store.append(alice, [{ id: 'e', type: 'A', data }], { expectedVersion: 0 })
    expect(result).toMatchObject({ ok: true })
    const [event] = await Array.fromAsync(store.read(alice))
    expect(event?.data).toBe(data)
    expect((await Array.fromAsync(store.readAll()))[0]?.data).toBe(data)
  })

  test('of more than 1,024 events is refused, whatever the bound of the store', async () => {
    const { namespace } = await scene()
    const backend = nats({ servers: server.url, namespace })
    await using store = await backend.openStore({ maxEventsPerAppend: 5_000 })
    const events = Array.from({ length: 1_025 }, () => ({ type: 'A', data: 1 }))
    await expect(store.append(alice, events, { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'too-large',
    })
    await store.append(alice, events.slice(1), { expectedVersion: 0 })
    expect(await Array.fromAsync(store.readAll())).toHaveLength(1_024)
  })
})

/** How many bytes the store says that this append would have had. */
async function sizeRefused(store: EventStore, data: string): Promise<number> {
  const events = [{ id: 'e', type: 'A', data }]
  const appending = store.append(alice, events, { expectedVersion: 0 })
  const refusal = await appending.then(() => 'none', messageOf)
  return Number(/ (\d+) bytes/.exec(refusal)?.[1])
}

describe('a message that is no commit', () => {
  test('stops a read where it stands, with its position and text; nobody writes behind it', async () => {
    const { store, namespace, another } = await scene()
    await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    await store.append(alice, [{ type: 'A', data: 2 }], { expectedVersion: 1 })
    await store.append('other-1', [{ type: 'B', data: 1 }], { expectedVersion: 0 })
    await publish(`aether.${namespace}.event.account.alice`, '{')
    await store.append('other-1', [{ type: 'B', data: 2 }], { expectedVersion: 1 })

    const malformed = { code: 'malformed-event', position: 4 * 1_024, raw: '{' }
    for (const [read, before] of [
      [store.read(alice), [1, 2]],
      [store.readAll(), [1, 2, 1]],
    ] as const) {
      const versions: number[] = []
      const reading = (async () => {
        for await (const event of read) versions.push(event.version)
      })()
      await expect(reading).rejects.toMatchObject(malformed)
      expect(versions).toEqual(before)
    }
    expect(await Array.fromAsync(store.read(alice, { toVersion: 2 }))).toHaveLength(2)
    expect(await Array.fromAsync(store.readAll({ after: 4 * 1_024 + 1_023 }))).toHaveLength(1)
    await expect(store.latestVersion(alice)).rejects.toBeInstanceOf(MalformedEventError)
    for (const writer of [store, await another()]) {
      for (const expectedVersion of [0, 2, 3, 'any'] as const) {
        const append = writer.append(alice, [{ type: 'A', data: 3 }], { expectedVersion })
        await expect(append).rejects.toMatchObject(malformed)
      }
    }
  })

  test('on a subject that is no actor stops a read of the log', async () => {
    const { store, namespace } = await scene()
    await publish(`aether.${namespace}.event.nobody`, '{}')
    await expect(Array.fromAsync(store.readAll())).rejects.toMatchObject({
      code: 'malformed-event',
      actorId: undefined,
      position: 1_024,
    })
  })

  test('that leaves a gap in the versions is noticed', async () => {
    const { store, namespace } = await scene()
    await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    for (const version of [3, 4]) {
      const events = [{ id: `e-${version}`, type: 'A', data: version }]
      const body = { format: 1, id: 'c', time: 'now', firstVersion: version, events }
      await publish(`aether.${namespace}.event.account.alice`, JSON.stringify(body), version)
    }
    await expect(Array.fromAsync(store.read(alice))).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/lost version 2 of account-alice/) as string,
    })
  })
})

async function publish(subject: string, body: string, version = 1): Promise<void> {
  const header = headers()
  header.set('Aether-Version', String(version))
  await raw.request(subject, body, { headers: header, timeout: 5_000 })
}

describe('reading', () => {
  test.each(['read', 'readAll'] as const)(
    '%s ends with what was there when it began, however much is written meanwhile',
    async (read) => {
      const { store } = await scene()
      const note = (): Promise<unknown> =>
        store.append(alice, [{ type: 'A', data: 'x'.repeat(90_000) }], { expectedVersion: 'any' })
      for (let count = 0; count < 50; count++) await note()
      const versions: number[] = []
      for await (const { version } of read === 'read' ? store.read(alice) : store.readAll()) {
        await note()
        if (versions.push(version) > 60) break
      }
      expect(versions).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    },
  )

  test('1,000 reads that are aborted or left early leave no subscription behind', async () => {
    const { store } = await scene({ name: 'leaky?' })
    for (let version = 0; version < 1_500; version += 500) {
      const events = Array.from({ length: 500 }, () => ({ type: 'A', data: {} }))
      await store.append(alice, events, { expectedVersion: version })
    }
    const before = await subscriptionsOf('leaky?')
    expect(before).toBe(1)
    for (let round = 0; round < 100; round++)
      await Promise.all(Array.from({ length: 10 }, (_, index) => abandon(store, index)))
    await until(async () => (await subscriptionsOf('leaky?')) <= before, {
      description: `there are no more than ${before} subscriptions`,
      timeoutMs: 2_000, // forgotten ones would end by themselves after 5 s
    })
  })

  test('late versions of a long history are read without the rest', async () => {
    const { store, another } = await scene()
    for (let version = 0; version < 3_000; version++) {
      await store.append(alice, [{ type: 'A', data: 'x'.repeat(100) }], {
        expectedVersion: version,
      })
    }
    const fresh = await another()
    const before = await bytesSentByServer()
    const versions = (
      await Array.fromAsync(fresh.read(alice, { fromVersion: 2_001, limit: 10 }))
    ).map((event) => event.version)
    expect(versions).toEqual(Array.from({ length: 10 }, (_, index) => 2_001 + index))
    expect((await bytesSentByServer()) - before).toBeLessThan(100 * 600)
  })
})

/** Aborts a read before, during or after its first batch, or leaves it. */
async function abandon(store: EventStore, index: number): Promise<void> {
  const controller = new AbortController()
  const { signal } = controller
  const events = index % 2 === 0 ? store.read(alice, { signal }) : store.readAll({ signal })
  if (index < 4) queueMicrotask(() => controller.abort())
  else if (index < 8) setImmediate(() => controller.abort())
  try {
    for await (const event of events) if (event.version === index) break
  } catch {
    expect(signal.aborted).toBe(true)
  }
}

interface Connections {
  readonly connections: readonly { readonly name?: string; readonly subscriptions: number }[]
}

async function subscriptionsOf(name: string): Promise<number> {
  const { connections } = (await monitor('connz')) as Connections
  return connections
    .filter((connection) => connection.name === name)
    .reduce((sum, connection) => sum + connection.subscriptions, 0)
}

async function bytesSentByServer(): Promise<number> {
  return ((await monitor('varz')) as { readonly out_bytes: number }).out_bytes
}

/** The server's own figures: it logs where it tells them. */
async function monitor(what: string): Promise<unknown> {
  const address = /http monitor on (\S+)/.exec(server.logTail())?.[1]
  return (await fetch(`http://${address}/${what}`)).json()
}

describe("writers at 'any'", () => {
  test('of several stores all get in', async () => {
    const { another } = await scene()
    const stores = await Promise.all(Array.from({ length: 4 }, () => another()))
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        (stores[index % 4] as EventStore).append(alice, [{ type: 'A', data: index }], {
          expectedVersion: 'any',
        }),
      ),
    )
    const versions = results.map((result) => (result.ok ? result.version : 0))
    expect(versions.toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    )
  })
})

test('the stream keeps what another client needs to check a commit', async () => {
  const { store, namespace } = await scene()
  await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
  await store.append(
    alice,
    [
      { type: 'A', data: 2 },
      { type: 'A', data: 3 },
    ],
    { expectedVersion: 1 },
  )
  const manager = await jetstreamManager(raw)
  const last = await manager.streams.getMessage(`AETHER_${namespace}`, {
    last_by_subj: `aether.${namespace}.event.account.alice`,
  })
  expect(last?.seq).toBe(2)
  expect(last?.header.get('Aether-Version')).toBe('3')
  expect(last?.header.get('Nats-Expected-Last-Subject-Sequence')).toBe('1')
  expect(last?.json()).toMatchObject({
    format: 1,
    firstVersion: 2,
    events: [{ data: 2 }, { data: 3 }],
  })
})
