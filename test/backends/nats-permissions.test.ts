import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type EventBus, openEventBus } from '../../src/bus/index.ts'
import {
  nats,
  type NatsBackend,
  type NatsPermissions,
  natsPermissions,
} from '../../src/backends/nats/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'

const pass = 'secret'
const anyVersion = { expectedVersion: 'any' } as const
const logins: Record<string, NatsPermissions | undefined> = {
  admin: undefined,
  creator: natsPermissions('mine', 'creator'),
  writer: natsPermissions('mine'),
  reader: natsPermissions('mine', 'reader'),
  waiter: withoutConsumers(natsPermissions('mine', 'reader')),
  stranger: natsPermissions('yours'),
  clerk: ofOrdersAlone(natsPermissions('mine')),
  founder: natsPermissions('new', 'creator'),
  settler: natsPermissions('new'),
}

let server: NatsServer
let admin: NatsConnection
let manager: JetStreamManager
beforeAll(async () => {
  const users = Object.entries(logins).map(([user, permissions]) =>
    JSON.stringify({ user, password: pass, ...(permissions && { permissions }) }),
  )
  const config = `accounts { A { jetstream: enabled, users: [${users.join(', ')}] } }`
  server = await startNatsServer({ config, credentials: { user: 'admin', pass } })
  admin = await login('admin')
  manager = await jetstreamManager(admin)
})
afterAll(async () => {
  await admin.close()
  await server.stop()
})

test('a writer needs a stream that is there, which a creator makes', async () => {
  await expect(open('stranger', 'yours')).rejects.toMatchObject({
    code: 'incompatible-store',
    message: expect.stringMatching(
      /no stream AETHER_yours yet.*may not make it.*aether store init.*natsPermissions\('yours', 'creator'\)/,
    ) as string,
  })
  await open('creator')
  const writer = await open('writer')
  await writer.append('a-1', [{ type: 'A', data: 1 }], { expectedVersion: 0 })
  expect(await writer.latestVersion('a-1')).toBe(1)
})

test('what a writer may not make is told with what to do, until a creator has made all of it', async () => {
  await (await open('founder', 'new')).append('a-1', [{ type: 'A', data: 1 }], anyVersion)
  const settler = await open('settler', 'new')
  const table = await settler.table('t')
  await expect(table.put('a', '1', undefined)).rejects.toMatchObject({
    code: 'not-permitted',
    message: expect.stringMatching(
      /no stream AETHER-TABLES_new for tables yet.*aether store init.*natsPermissions\('new', 'creator'\)/,
    ) as string,
  })
  await backendOf('founder', 'new').init()
  expect(await table.put('a', '1', undefined)).toBeDefined()
  const made = await Array.fromAsync(manager.streams.names())
  expect(made.filter((name) => name.endsWith('_new')).toSorted()).toEqual([
    'AETHER-MESSAGES_new',
    'AETHER-SNAPSHOTS_new',
    'AETHER-TABLES_new',
    'AETHER_new',
  ])
})

test('who may not write all of a commit is told so at once', async () => {
  await open('creator')
  const clerk = await open('clerk')
  const placed = { actorId: 'order-1', events: [{ type: 'A', data: 1 }], ...anyVersion } as const
  const opened = { actorId: 'account-1', events: [{ type: 'A', data: 1 }], ...anyVersion } as const
  const guard = { actorId: 'price-1', events: [], expectedVersion: 0 } as const
  const refused = {
    code: 'not-permitted',
    message: expect.stringMatching(/event\.(account|guard)/) as string,
  }
  for (const parts of [
    [placed, opened],
    [opened, placed],
    [placed, guard],
  ])
    await expect(clerk.commit(parts)).rejects.toMatchObject(refused)
  expect(await clerk.commit([placed])).toMatchObject({ ok: true })
})

test('who may not see the stream is told so', async () => {
  await expect(open('stranger')).rejects.toMatchObject({
    code: 'incompatible-store',
    message: expect.stringMatching(
      /may not use the namespace mine: is it one for another namespace\? It needs natsPermissions\('mine'\) \(Permissions Violation/,
    ) as string,
  })
})

test('a reader reads and subscribes, and what it appends is refused', async () => {
  const writer = await open('creator')
  const reader = await open('reader')
  const position = (await Array.fromAsync(writer.readAll())).at(-1)?.position ?? 0
  const seen: unknown[] = []
  const controller = new AbortController()
  const end = (async () => {
    for await (const event of reader.subscribe({ signal: controller.signal })) seen.push(event.data)
  })()
  await writer.append('a-2', [{ type: 'A', data: 'news' }], { expectedVersion: 0 })
  await until(() => seen.includes('news'), { description: 'the event' })
  controller.abort()
  await expect(end).rejects.toThrow('aborted')
  expect(await reader.latestVersion('a-2')).toBe(1)
  expect(await Array.fromAsync(reader.read('a-2'))).toMatchObject([{ data: 'news' }])
  expect(await Array.fromAsync(reader.readAll({ after: position }))).toHaveLength(1)

  const append = reader.append('a-2', [{ type: 'A', data: 2 }], { expectedVersion: 1 })
  await expect(append).rejects.toMatchObject({
    code: 'not-permitted',
    message: expect.stringMatching(/a-2.*refused|aether\.mine\.event\.a\.2.*refused/) as string,
  })
  expect(await writer.latestVersion('a-2')).toBe(1)
})

test('without the right to make consumers, a subscription is woken by its polls', async () => {
  const writer = await open('creator')
  const waiter = await open('waiter')
  const seen: unknown[] = []
  const controller = new AbortController()
  const end = (async () => {
    for await (const event of waiter.subscribe({ signal: controller.signal })) seen.push(event.data)
  })()
  for (const news of ['one', 'two', 'three']) {
    await writer.append('a-3', [{ type: 'A', data: news }], { expectedVersion: 'any' })
    await until(() => seen.includes(news), { description: news })
  }
  controller.abort()
  await expect(end).rejects.toThrow('aborted')
  // It was tried once, and not with each poll.
  expect(await violations('waiter')).toHaveLength(1)
})

describe.each(['creator', 'writer', 'reader'])('a %s may not', (user) => {
  let connection: NatsConnection
  let theirs: JetStreamManager
  beforeAll(async () => {
    await (await backendOf('creator').openStore()).close()
    const yours = { name: 'AETHER_yours', subjects: ['aether.yours.event.>'], allow_direct: true }
    await manager.streams.add(yours)
    await jetstream(admin).publish('aether.yours.event.a.1', 'not yours')
    connection = await login(user)
    theirs = await jetstreamManager(connection, { checkAPI: false })
  })
  afterAll(async () => {
    await connection.close()
    await manager.streams.delete('AETHER_yours')
  })

  const attempts: Record<string, () => Promise<unknown>> = {
    'delete the stream': () => theirs.streams.delete('AETHER_mine'),
    'purge it': () => theirs.streams.purge('AETHER_mine'),
    'update it': () => connection.request('$JS.API.STREAM.UPDATE.AETHER_mine', '{}'),
    'delete an event': () => theirs.streams.deleteMessage('AETHER_mine', 1),
    'see another namespace': () => theirs.streams.info('AETHER_yours'),
    'list the streams': () => theirs.streams.names().next(),
    'read another namespace from its leader': () =>
      theirs.streams.getMessage('AETHER_yours', { seq: 1 }),
    'read another namespace from a replica': () =>
      theirs.direct.getMessage('AETHER_yours', { seq: 1 }),
    'make a consumer of another namespace': () =>
      theirs.consumers.add('AETHER_yours', { name: 'thief', ack_policy: 'none' }),
    'make a stream of another name': () =>
      theirs.streams.add({ name: 'THIEF', sources: [{ name: 'AETHER_yours' }] }),
    'write to another namespace': () =>
      jetstream(connection).publish('aether.yours.event.a.1', 'forged'),
    'listen to another namespace': () => firstOn(connection, 'aether.yours.event.>'),
    "listen to another namespace's answers": () => firstOn(connection, '_INBOX.aether.yours.>'),
    'listen to all answers': () => firstOn(connection, '_INBOX.>'),
    'publish to the bus of another namespace': () =>
      refusalOf(connection, 'aether.yours.bus.message.A.-.n'),
    'listen to the bus of another namespace': () => firstOn(connection, 'aether.yours.bus.>'),
    'listen to what is written, before it is stored': () =>
      firstOn(connection, 'aether.mine.event.>'),
  }
  test.each(Object.keys(attempts))('%s', async (name) => {
    const before = await manager.streams.info('AETHER_mine')
    const failure = await attempts[name]!().then(
      () => undefined,
      (error: Error) => error,
    )
    expect(String(failure?.message)).toMatch(/permissions violation/i)
    const after = await manager.streams.info('AETHER_mine')
    expect(after.config).toEqual(before.config)
    expect(after.state.messages).toBe(before.state.messages)
  })
})

test('the snapshots of the namespace are in it: made by a creator, kept by a writer, loaded by all', async () => {
  const [creator, writer, reader] = await Promise.all(['creator', 'writer', 'reader'].map(login))
  const stream = 'AETHER-SNAPSHOTS_mine'
  const subject = 'aether.mine.snapshot.a.1'
  const options = { checkAPI: false }
  const made = await jetstreamManager(creator!, options)
  await made.streams.add({ name: stream, subjects: ['aether.mine.snapshot.>'], allow_direct: true })
  await jetstream(writer!).publish(subject, 'a snapshot')
  const { direct } = await jetstreamManager(reader!, options)
  expect((await direct.getMessage(stream, { last_by_subj: subject }))?.string()).toBe('a snapshot')
  await expect(jetstream(reader!).publish(subject, 'forged')).rejects.toThrow(
    /permissions violation/i,
  )
  await Promise.all([creator, writer, reader].map((connection) => connection!.close()))
})

test('a writer publishes to the bus, and a reader only hears it', async () => {
  const [writer, reader] = [await openBus('writer'), await openBus('reader')]
  const heard: string[] = []
  reader.bus.subscribe('>', ({ type }) => void heard.push(type))
  reader.bus.subscribe({ stored: true }, ({ type }) => void heard.push(type))
  await reader.bus.flush()
  await writer.store.append('a-9', [{ type: 'Stored', data: 1 }], { expectedVersion: 'any' })
  writer.bus.publish({ namespace: 'n', type: 'Published' })
  await until(() => heard.length === 2, { description: 'it has heard both' })

  const writerHeard: string[] = []
  writer.bus.subscribe('>', ({ type }) => void writerHeard.push(type))
  for (let round = 0; round < 3; round++) {
    reader.bus.publish({ namespace: 'n', type: 'Own' })
    await reader.bus.flush()
  }
  expect(heard).toEqual(['Stored', 'Published', 'Own', 'Own', 'Own'])
  expect(writerHeard).toEqual([])
  // It was told once, and tried once.
  expect(reader.bus.counters).toMatchObject({ errors: 1, dropped: 2 })
  expect(reader.log.messages).toEqual(['the bus cannot do all it should'])
  expect(writer.log.messages).toEqual([])
})

test('tables are made by a creator, written by a writer, and read and watched by all', async () => {
  const creator = await open('creator')
  await (await creator.table('t')).put('made', '0', undefined)
  const [writer, reader] = [await open('writer'), await open('reader')]
  const [written, read] = [await writer.table('t'), await reader.table('t')]
  let seen: unknown
  await read.watch(() => {
    read.get('a').then(
      (document) => (seen = document?.text),
      () => undefined,
    )
  })
  const revision = await written.put('a', '1', undefined)
  await until(() => seen === '1', { description: 'the document' })
  expect(await Array.fromAsync(read.list('a'))).toEqual([{ key: 'a', text: '1', revision }])

  const refused = { code: 'not-permitted' }
  await expect(read.put('a', '2', revision)).rejects.toMatchObject(refused)
  await expect(read.remove('a', revision!)).rejects.toMatchObject(refused)
  await expect(read.clear()).rejects.toMatchObject(refused)
  expect((await written.get('a'))?.text).toBe('1')
  await written.clear()
  expect(await read.get('a')).toBeUndefined()
})

test('docs/nats.md shows the permissions of a writer', async () => {
  const page = await readFile(new URL('../../docs/nats.md', import.meta.url), 'utf8')
  const shown = /```json\n(.*?)```/s.exec(page)?.[1] ?? ''
  expect(JSON.parse(shown)).toEqual(natsPermissions('prod'))
})

test.each([['a.b'], ['mine', 'owner' as 'reader']])(
  'natsPermissions(%j, %j) is refused',
  (...args) => {
    expect(() => natsPermissions(...(args as [string]))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    )
  },
)

function backendOf(user: string, namespace = 'mine'): NatsBackend {
  return nats({ servers: server.url, namespace, user, pass })
}

async function open(user: string, namespace?: string): Promise<EventStore> {
  const store = await backendOf(user, namespace).openStore()
  onTestFinished(() => store.close())
  return store
}

async function openBus(user: string): Promise<{ store: EventStore; bus: EventBus; log: Logbook }> {
  const log = new Logbook()
  const store = await open(user)
  const bus = openEventBus(store, { logger: log })
  onTestFinished(() => bus.close())
  return { store, bus, log }
}

async function login(user: string): Promise<NatsConnection> {
  const inboxPrefix = `_INBOX.aether.${user === 'stranger' ? 'yours' : 'mine'}`
  return connect({ servers: server.url, user, pass, inboxPrefix })
}

/** The first message, or why there is none. */
async function firstOn(connection: NatsConnection, subject: string): Promise<unknown> {
  const subscription = connection.subscribe(subject, { max: 1 })
  return subscription[Symbol.asyncIterator]().next()
}

/** What the server says to a plain publish, which isn't answered. */
async function refusalOf(connection: NatsConnection, subject: string): Promise<void> {
  const statuses = connection.status()
  connection.publish(subject, '{}')
  for await (const status of statuses) if (status.type === 'error') throw status.error
}

function withoutConsumers({ publish, subscribe }: NatsPermissions): NatsPermissions {
  const allow = publish.allow.filter((subject) => !subject.includes('CONSUMER'))
  return { publish: { allow }, subscribe }
}

function ofOrdersAlone({ publish, subscribe }: NatsPermissions): NatsPermissions {
  const allow = publish.allow.map((subject) =>
    subject === 'aether.mine.event.>' ? 'aether.mine.event.order.>' : subject,
  )
  return { publish: { allow }, subscribe }
}

async function violations(user: string): Promise<string[]> {
  const log = await readFile(join(server.folder, 'nats.log'), 'utf8')
  return log
    .split('\n')
    .filter((line) => line.includes('Violation') && line.includes(`user:${user}"`))
}
