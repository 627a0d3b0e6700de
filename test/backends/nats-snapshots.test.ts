import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadClientLibrary } from '../../src/backends/nats/connection/client-library.ts'
import { connect as connectFirst } from '../../src/backends/nats/connection/connect.ts'
import { nats } from '../../src/backends/nats/index.ts'
import { JetStreamSnapshotShelf } from '../../src/backends/nats/snapshots/jetstream-snapshot-shelf.ts'
import { NatsLink } from '../../src/backends/nats/connection/nats-link.ts'
import { SharedInbox } from '../../src/backends/nats/connection/shared-inbox.ts'
import { checkOptions } from '../../src/backends/nats/connection/nats-options.ts'
import { SnapshotSubjects } from '../../src/backends/nats/snapshots/snapshot-subjects.ts'
import { ConditionalPublisher } from '../../src/backends/nats/writing/conditional-publisher.ts'
import type { ActorId, Logger } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { startNatsCluster, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'
import { Wire } from './wire.ts'

const alice: ActorId = 'account-alice'
const shape = 's'
const maxPayload = 100_000

let server: ServerOfTests['server']
let raw: ServerOfTests['raw']
let manager: ServerOfTests['manager']
let namespaces = 0

useServer({ maxPayload }, (started) => ({ server, raw, manager } = started))

interface Scene {
  readonly namespace: string
  /** The stream of the snapshots. */
  readonly stream: string
  readonly subject: string
  /** Has three events of alice, and no snapshot. */
  readonly store: EventStore
  readonly warnings: string[]
}

async function scene(namespace = `snap-${namespaces++}`): Promise<Scene> {
  const warnings: string[] = []
  const logger = { warn: (_, message) => void warnings.push(message) } as Logger
  const backend = nats({ servers: server.url, durability: 'trust', namespace, retryForMs: 2_000 })
  const store = await backend.openStore({ logger })
  onTestFinished(() => store.close())
  const events = [1, 2, 3].map((data) => ({ type: 'Counted', data }))
  await store.append(alice, events, { expectedVersion: 0 })
  const subject = `aether.${namespace}.snapshot.account.alice`
  return { namespace, stream: `AETHER-SNAPSHOTS_${namespace}`, subject, store, warnings }
}

function save(store: EventStore, version: number, state: unknown = null): Promise<boolean> {
  return store.saveSnapshot(alice, { version, state, shape })
}

async function streamNames(namespace: string): Promise<string[]> {
  const names = await Array.fromAsync(manager.streams.names())
  return names.filter((name) => name.endsWith(`_${namespace}`)).toSorted()
}

describe('the stream of the snapshots', () => {
  test('is made by the first save, and holds one message an actor', async () => {
    const { namespace, stream, subject, store, warnings } = await scene()
    expect(await store.loadSnapshot(alice, { shape })).toBeUndefined()
    expect(await streamNames(namespace)).toEqual([`AETHER_${namespace}`])
    await Promise.all([save(store, 1), save(store, 2), save(store, 3)])
    expect(await streamNames(namespace)).toEqual([stream, `AETHER_${namespace}`])
    const { state, config } = await manager.streams.info(stream, { subjects_filter: '>' })
    expect(state.subjects).toEqual({ [subject]: 1 })
    expect(config).toMatchObject({ max_msgs_per_subject: 1, storage: 'file', num_replicas: 1 })
    expect(warnings).toEqual([])
  })

  test('may be deleted at any time', async () => {
    const { stream, store, warnings } = await scene()
    await save(store, 3)
    await manager.streams.delete(stream)
    expect(await store.loadSnapshot(alice, { shape })).toBeUndefined()
    expect(await save(store, 1, 'again')).toBe(true)
    expect(await store.loadSnapshot(alice, { shape })).toMatchObject({ state: 'again' })
    expect(warnings).toEqual([])
  })

  test('is not touched where it is another one, and says in what', async () => {
    const { stream, store } = await scene()
    const subjects = [`${stream}.>`]
    await manager.streams.add({ name: stream, subjects, allow_direct: true })
    const before = (await manager.streams.info(stream)).config
    await expect(save(store, 1)).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(
        /can't keep snapshots: subjects is .*; max_msgs_per_subject is -1, must be 1\. Correct or delete it/,
      ) as string,
    })
    expect((await manager.streams.info(stream)).config).toEqual(before)
    await manager.streams.delete(stream)
    expect(await save(store, 1)).toBe(true)
  })

  test('may have bounds of its own', async () => {
    const { stream, store, subject } = await scene()
    const bounds: Partial<StreamConfig> = { max_bytes: 1_000_000, max_msg_size: 1_000 }
    await save(store, 1)
    await manager.streams.update(stream, bounds)
    expect(await save(store, 2)).toBe(true)
    await expect(save(store, 3, 'x'.repeat(2_000))).rejects.toMatchObject({ code: 'too-large' })
    await manager.streams.purge(stream, { filter: subject })
    expect(await store.loadSnapshot(alice, { shape })).toBeUndefined()
    expect(await save(store, 1)).toBe(true)
  })

  test('has as many replicas as the events', async () => {
    await using cluster = await startNatsCluster()
    const namespace = 'replicated'
    const options = { servers: cluster.urls, namespace }
    await (await nats({ ...options, replicas: 3 }).openStore()).close()
    await using store = await nats(options).openStore()
    await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
    expect(await save(store, 1)).toBe(true)
    const connection = await connect({ servers: [...cluster.urls] })
    const { config } = await (
      await jetstreamManager(connection)
    ).streams.info(`AETHER-SNAPSHOTS_${namespace}`)
    await connection.close()
    expect(config.num_replicas).toBe(3)
  })
})

describe('a message that is no snapshot is told, ignored and replaced:', () => {
  test.for([
    ['nothing', ''],
    ['garbage', 'garbage'],
    ['JSON without a checksum', '{"version":2,"shape":"s","state":1}'],
    ['bytes that are no text', Uint8Array.of(0xff, 0, 0xfe)],
  ])('%s', async ([, body]) => {
    const { subject, store, warnings } = await scene()
    await save(store, 2)
    await raw.request(subject, body)
    expect(await store.loadSnapshot(alice, { shape })).toBeUndefined()
    expect(warnings).toEqual(['the snapshot of account-alice is not used: it is damaged'])
    expect(await save(store, 1, 'first')).toBe(true)
    expect(await store.loadSnapshot(alice, { shape })).toMatchObject({ state: 'first' })
  })
})

test('namespaces do not share snapshots, also where one is called like the beginning of the other', async () => {
  const scenes = [await scene('one'), await scene('one-two'), await scene('SNAPSHOTS_one')]
  for (const { store, namespace } of scenes) await save(store, 1, namespace)
  for (const { store, namespace } of scenes) {
    const snapshot = await store.loadSnapshot(alice, { shape })
    expect(snapshot?.state).toBe(namespace)
    expect(await Array.fromAsync(store.readAll())).toHaveLength(3)
  }
})

test('a snapshot beyond the largest message is refused before it is sent', async () => {
  const { store } = await scene()
  await save(store, 1, 'small')
  await expect(save(store, 2, 'x'.repeat(maxPayload))).rejects.toMatchObject({
    code: 'too-large',
    message: expect.stringMatching(
      /account-alice has 100\d\d\d bytes, .* at most 100000/,
    ) as string,
  })
  expect(await save(store, 3, 'x'.repeat(maxPayload - 500))).toBe(true)
  expect((await store.loadSnapshot(alice, { shape }))?.version).toBe(3)
})

test('the events were set back to before the snapshot, which is not believed then', async () => {
  const { namespace, store, warnings } = await scene()
  await save(store, 3, 'lost')
  await store.close()
  await manager.streams.delete(`AETHER_${namespace}`)
  // The same three versions again: another history all the same.
  const again = await scene(namespace)
  expect(await again.store.loadSnapshot(alice, { shape })).toBeUndefined()
  expect(again.warnings).toEqual([
    'the snapshot of account-alice is not used: it is of a history whose version 3 is not in the log',
  ])
  expect(await save(again.store, 2, 'kept')).toBe(true)
  expect(await again.store.loadSnapshot(alice, { shape })).toMatchObject({ version: 2 })
  expect(warnings).toEqual([])
})

test('without a server there is no snapshot, and a save says so', async () => {
  await using own = await startNatsServer()
  const warnings: string[] = []
  const logger = { warn: (_, message) => void warnings.push(message) } as Logger
  const backend = nats({ servers: own.url, retryForMs: 300 })
  await using store = await backend.openStore({ logger })
  await store.append(alice, [{ type: 'A', data: 1 }], { expectedVersion: 0 })
  await save(store, 1)
  await own.kill()
  expect(await store.loadSnapshot(alice, { shape })).toBeUndefined()
  expect(warnings.join()).toMatch(/account-alice is not used: /)
  await expect(save(store, 1)).rejects.toMatchObject({ code: 'store-unavailable' })
  await own.restart()
  await until(async () => (await store.latestVersion(alice)) === 1, {
    description: 'the store is connected again',
  })
  expect((await store.loadSnapshot(alice, { shape }))?.version).toBe(1)
})

/** A shelf without a store. */
async function shelfAt(
  servers: string | string[],
  namespace: string,
): Promise<{ readonly shelf: JetStreamSnapshotShelf; readonly link: NatsLink }> {
  const library = await loadClientLibrary()
  const settings = checkOptions({ servers, namespace })
  const link = new NatsLink(library, await connectFirst(library, settings), '_INBOX')
  const inbox = new SharedInbox(library, link, settings.requestTimeoutMs)
  const shelf = new JetStreamSnapshotShelf({
    ...settings,
    library,
    link,
    manager: await library.jetstream.jetstreamManager(link.nats),
    inbox,
    conditional: new ConditionalPublisher(inbox),
    subjects: new SnapshotSubjects(namespace),
    eventStream: `AETHER_${namespace}`,
  })
  return { shelf, link }
}

test('the newest one is told on three replicas, also where it was saved a moment ago', async () => {
  await using cluster = await startNatsCluster()
  const { urls: servers } = cluster
  const namespace = 'snap-newest'
  const backend = nats({ servers, durability: 'trust', namespace, replicas: 3 })
  await using _store = await backend.openStore()
  // A server answers itself whoever is connected to it: two of them are not the leader.
  for (const url of servers) {
    const { shelf, link } = await shelfAt(url, namespace)
    const at = `account-${url.slice(-5)}` as ActorId
    expect(await shelf.loadNewest(at)).toBeUndefined()
    for (let n = 0; n < 200; n++) {
      await shelf.save(at, { text: `text ${n}`, version: n }, () => true)
      expect(await shelf.loadNewest(at)).toBe(`text ${n}`)
    }
    await link.close()
  }
})

test('a save whose answer is lost knows its own snapshot again', async () => {
  const { namespace, stream, store } = await scene()
  await save(store, 1)
  await using wire = await Wire.to(server.port)
  const { shelf, link } = await shelfAt(wire.url, namespace)
  let asked = 0
  const saving = shelf.save(alice, { text: 'text', version: 1 }, () => {
    wire.hold('answers')
    asked++
    return true
  })
  await until(async () => (await manager.streams.info(stream)).state.last_seq === 2, {
    description: 'the snapshot is stored',
  })
  wire.cut()
  wire.mend()
  expect(await saving).toBe(true)
  expect(asked).toBe(1)
  expect((await manager.streams.info(stream)).state.last_seq).toBe(2)
  await link.close()
})

test('what it has put itself, a shelf replaces without looking, unless others were there', async () => {
  await using own = await startNatsServer()
  const namespace = 'snap-own'
  await using _store = await nats({ servers: own.url, namespace }).openStore()
  const [one, other] = [await shelfAt(own.url, namespace), await shelfAt(own.url, namespace)]
  let asked = 0
  const isBehind = (current: string | undefined): boolean => {
    asked++
    return current === undefined || Number(current) < 10
  }
  const put = ({ shelf }: typeof one, version: number): Promise<boolean> =>
    shelf.save(alice, { text: String(version), version }, isBehind)
  for (const version of [1, 2, 3]) expect(await put(one, version)).toBe(true)
  expect(asked).toBe(1)
  // Not the one whose place it knows, and not an older one.
  expect(await put(one, 2)).toBe(true)
  expect(asked).toBe(2)
  expect(await put(other, 11)).toBe(true)
  expect(await put(one, 10)).toBe(false)
  expect(await one.shelf.loadNewest(alice)).toBe('11')
  await Promise.all([one.link.close(), other.link.close()])
})

test('what a shelf has put into a stream that is gone says nothing of the next one', async () => {
  const { namespace, stream } = await scene()
  const [one, other] = [await shelfAt(server.url, namespace), await shelfAt(server.url, namespace)]
  const put = ({ shelf }: typeof one, actorId: ActorId, version: number): Promise<boolean> =>
    shelf.save(actorId, { text: String(version), version }, (current) => {
      return current === undefined || Number(current) < version
    })
  await put(one, 'account-bob', 1)
  await put(one, alice, 1)
  await manager.streams.delete(stream)
  await put(one, 'account-bob', 2)
  // Where this one has put its own in the other stream.
  await put(other, alice, 11)
  expect(await put(one, alice, 10)).toBe(false)
  expect(await one.shelf.loadNewest(alice)).toBe('11')
  await Promise.all([one.link.close(), other.link.close()])
})
