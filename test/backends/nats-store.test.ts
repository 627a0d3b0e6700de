import { jetstreamManager } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { encodeSteps } from '../../src/backends/nats/commits/back-links.ts'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import {
  type ActorId,
  type JsonValue,
  MalformedEventError,
  messageOf,
  type StoredEvent,
} from '../../src/core/index.ts'
import type { Append, EventStore } from '../../src/store/index.ts'
import { monitored, monitoringOf } from '../support/nats-monitoring.ts'
import { until } from '../support/until.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'

const alice: ActorId = 'account-alice'
const maxPayload = 100_000

let server: ServerOfTests['server']
let raw: ServerOfTests['raw']
let namespaces = 0

useServer({ config: monitored, maxPayload }, (started) => ({ server, raw } = started))

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

  test('is collected or skipped in its place, whether it says what it stands behind or not', async () => {
    const { store, namespace } = await scene()
    const subject = `aether.${namespace}.event.account.alice`
    await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    await publish(subject, '{', { behind: 1 })
    await publish(subject, bodyOf(2), { behind: 2, version: 2 })
    await publish(subject, '[')
    await publish(subject, bodyOf(3), { behind: 4, version: 3 })

    const all = [1, '{', 2, '[', 3]
    const seen = (events: AsyncIterable<StoredEvent | MalformedEventError>): Promise<unknown[]> =>
      Array.fromAsync(events, (each) =>
        each instanceof MalformedEventError ? each.raw : each.version,
      )
    for (const onMalformed of ['collect', 'skip'] as const) {
      const expected = onMalformed === 'collect' ? all : [1, 2, 3]
      const backwards = { direction: 'backwards' } as const
      expect(await seen(store.readAll({ onMalformed } as { onMalformed: 'collect' }))).toEqual(
        expected,
      )
      const options = { onMalformed } as { onMalformed: 'collect' }
      expect(await seen(store.read(alice, options))).toEqual(expected)
      expect(await seen(store.read(alice, { ...options, ...backwards }))).toEqual(
        expected.toReversed(),
      )
    }
    expect(await seen(store.read(alice, { toVersion: 1 }))).toEqual([1])
    expect(await seen(store.read(alice, { fromVersion: 3 }))).toEqual([3])
    expect(await seen(store.read(alice, { direction: 'backwards', limit: 1 }))).toEqual([3])
    expect(await seen(store.read(alice, { direction: 'backwards', toVersion: 1 }))).toEqual([1])
  })

  test('but names one of another actor as that before it is noticed', async () => {
    const { store, namespace } = await scene()
    await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    await store.append('account-bob', [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    const header = headers()
    header.set('Aether-Version', '2')
    header.set('Nats-Expected-Last-Subject-Sequence', '2')
    header.set(
      'Nats-Expected-Last-Subject-Sequence-Subject',
      `aether.${namespace}.event.account.bob`,
    )
    const subject = `aether.${namespace}.event.account.alice`
    await raw.request(subject, bodyOf(2), { headers: header, timeout: 5_000 })
    await expect(Array.fromAsync(store.read(alice))).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/lost sequence 2, a commit to account-alice/) as string,
    })
  })
})

interface PublishOptions {
  readonly version?: number
  /** The sequence of the message that it's expected to stand behind. */
  readonly behind?: number
}

async function publish(
  subject: string,
  body: string,
  { version = 1, behind }: PublishOptions = {},
): Promise<void> {
  const header = headers()
  header.set('Aether-Version', String(version))
  if (behind !== undefined) header.set('Nats-Expected-Last-Subject-Sequence', String(behind))
  const reply = await raw.request(subject, body, { headers: header, timeout: 5_000 })
  expect(reply.json()).not.toHaveProperty('error')
}

/** A commit of one event, without back links. */
function bodyOf(version: number): string {
  const events = [{ id: `e-${version}`, type: 'A', data: version }]
  return JSON.stringify({ format: 1, id: 'c', time: 'now', firstVersion: version, events })
}

describe('a commit over several actors', () => {
  const part = (actorId: ActorId, data: JsonValue = 1): Append => ({
    actorId,
    events: [{ type: 'A', data }],
    expectedVersion: 0,
  })

  test('is refused before it is sent where one part is too large, or there are too many', async () => {
    const { namespace } = await scene()
    const backend = nats({ servers: server.url, namespace })
    await using store = await backend.openStore({ maxEventsPerAppend: 5_000 })
    const actors = Array.from({ length: 1_001 }, (_, index) => part(`account-${index}`))
    await expect(store.commit(actors)).rejects.toMatchObject({ code: 'too-large' })
    const large = part('account-large', 'x'.repeat(maxPayload))
    await expect(store.commit([part(alice), large])).rejects.toMatchObject({
      code: 'too-large',
      message: expect.stringMatching(/account\.large has 100\d\d\d bytes/) as string,
    })
    expect(await Array.fromAsync(store.readAll())).toEqual([])
    expect(await store.commit(actors.slice(1))).toMatchObject({ ok: true })
  })

  test('is stored though more are under way than the server takes at once', async () => {
    // Those that find no room come again until their time is over.
    const { another } = await scene({ retryForMs: 60_000 })
    const stores = await Promise.all(Array.from({ length: 4 }, () => another()))
    const commits = Array.from({ length: 400 }, (_, n) =>
      (stores[n % 4] as EventStore).commit([part(`account-${n}`), part(`order-${n}`)]),
    )
    for (const result of await Promise.all(commits)) expect(result).toMatchObject({ ok: true })
  })

  test('names its first part that is not where it should be', async () => {
    const { store, another } = await scene()
    const other = await another()
    await store.commit([part(alice), part('account-bob'), part('account-carol')])
    // What the first store remembers of bob and carol is old now.
    for (const actorId of ['account-bob', 'account-carol'] as const)
      await other.append(actorId, [{ type: 'A', data: 2 }], { expectedVersion: 1 })
    const again = [part(alice), part('account-bob'), part('account-carol')]
    const result = await store.commit(again.map((each) => ({ ...each, expectedVersion: 1 })))
    expect(result).toEqual({
      ok: false,
      conflict: { actorId: 'account-bob', expectedVersion: 1, currentVersion: 2 },
    })
  })

  test('says in each message which part of how many it is', async () => {
    const { store, namespace } = await scene()
    await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    await store.commit([{ ...part(alice), expectedVersion: 1 }, part('account-bob')])
    const manager = await jetstreamManager(raw)
    const messages = await Promise.all(
      [2, 3].map((seq) => manager.streams.getMessage(`AETHER_${namespace}`, { seq })),
    )
    const bodies = messages.map((message) => message?.json<Record<string, unknown>>())
    expect(bodies.map((body) => body?.part)).toEqual([
      [0, 2],
      [1, 2],
    ])
    expect(bodies[0]?.id).toBe(bodies[1]?.id)
    expect(
      messages.map((message) => message?.header.get('Nats-Expected-Last-Subject-Sequence')),
    ).toEqual(['1', '0'])
  })
})

describe('the end of a page of back links', () => {
  const steps = async (namespace: string, seq: number): Promise<string | undefined> => {
    const manager = await jetstreamManager(raw)
    const message = await manager.streams.getMessage(`AETHER_${namespace}`, { seq })
    return message?.json<{ pages?: string }>().pages
  }

  test.each([64, 90])(
    'names those before it, also of a writer that begins at %i',
    async (start) => {
      const { store, namespace, another } = await scene()
      const other = await another()
      for (let version = 0; version < 130; version++) {
        const writer = version < start ? store : other
        await writer.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: version })
      }
      expect(await steps(namespace, 33)).toBeUndefined()
      expect(await steps(namespace, 65)).toBe(encodeSteps([1, 33]))
      expect(await steps(namespace, 97)).toBe(encodeSteps([1, 33, 65]))
      expect(await steps(namespace, 129)).toBe(encodeSteps([1, 33, 65, 97]))
      expect(await steps(namespace, 130)).toBeUndefined()
    },
  )
})

describe('an actor scattered over the stream', () => {
  const count = 170

  /** More messages of others than make it dense, between any two of the actor's, which may lack back links. */
  async function scatter(
    namespace: string,
    write: (version: number, behind: number) => Promise<unknown>,
  ) {
    for (let version = 1, behind = 0; version <= count; version++, behind += 301) {
      await write(version, behind === 0 ? 0 : behind - 300)
      for (let noise = 0; noise < 300; noise++)
        raw.publish(`aether.${namespace}.event.noise.x`, '{')
      await raw.flush()
    }
  }

  test.each(['with', 'without', 'half with'])(
    'is read whole and in every range, %s back links',
    async (links) => {
      const { store, namespace, another } = await scene()
      await scatter(namespace, (version, behind) =>
        links === 'with' || (links === 'half with' && version > count / 2)
          ? store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: version - 1 })
          : publish(`aether.${namespace}.event.account.alice`, bodyOf(version), {
              version,
              behind,
            }),
      )
      const reader = await another()
      const all = Array.from({ length: count }, (_, index) => index + 1)
      for (const [fromVersion, toVersion, limit] of [
        [1, count, Infinity],
        [1, 3, Infinity],
        [40, 45, Infinity],
        [count - 2, count, Infinity],
        [2, count, 5],
        [30, count, 40],
      ] as const) {
        const expected = all.slice(fromVersion - 1, toVersion)
        const options = { fromVersion, toVersion, limit }
        expect(await versionsOf(reader.read(alice, options))).toEqual(expected.slice(0, limit))
        expect(
          await versionsOf(reader.read(alice, { ...options, direction: 'backwards' })),
        ).toEqual(expected.toReversed().slice(0, limit))
      }
    },
  )
})

function versionsOf(events: AsyncIterable<StoredEvent>): Promise<number[]> {
  return Array.fromAsync(events, (event) => event.version)
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
    // Forgotten subscriptions would end by themselves when the answer is late, and not be noticed.
    const { store } = await scene({ name: 'leaky?', requestTimeoutMs: 300_000 })
    for (let version = 0; version < 1_500; version += 500) {
      const events = Array.from({ length: 500 }, () => ({ type: 'A', data: {} }))
      await store.append(alice, events, { expectedVersion: version })
    }
    const before = await subscriptionsOf('leaky?')
    expect(before).toBe(2) // the client's own inbox, and that of the store's requests
    for (let round = 0; round < 100; round++)
      await Promise.all(Array.from({ length: 10 }, (_, index) => abandon(store, index)))
    await until(async () => (await subscriptionsOf('leaky?')) <= before, {
      description: `there are no more than ${before} subscriptions`,
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

/** The server's own figures. */
async function monitor(what: string): Promise<unknown> {
  return (await fetch(`${await monitoringOf(server)}/${what}`)).json()
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
  // By it the server would know a repeated commit, which its expectation prevents as well.
  expect(last?.header.get('Nats-Msg-Id')).toBe('')
  expect(last?.json()).toMatchObject({
    format: 2,
    idsFrom: 1,
    firstVersion: 2,
    events: [{ data: 2 }, { data: 3 }],
  })
})
