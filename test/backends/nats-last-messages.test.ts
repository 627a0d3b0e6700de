import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { loadClientLibrary } from '../../src/backends/nats/connection/client-library.ts'
import { NatsLink } from '../../src/backends/nats/connection/nats-link.ts'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { LastMessages } from '../../src/backends/nats/reading/last-messages.ts'
import type { DocumentTable } from '../../src/store/index.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'

const admin = { user: 'admin', pass: 'secret' }
const deny = `permissions: { publish: { deny: "$JS.API.DIRECT.GET.>" } }`
const config = `accounts { A { jetstream: enabled, users: [
  { user: admin, password: secret }, { user: barred, password: secret, ${deny} }
] } }`

let server: NatsServer
let connection: NatsConnection
let manager: JetStreamManager
let namespaces = 0
beforeAll(async () => {
  server = await startNatsServer({ config, credentials: admin })
  connection = await connect({ servers: server.url, ...admin })
  manager = await jetstreamManager(connection)
})
afterAll(async () => {
  await connection.close()
  await server.stop()
})

const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`)

async function tableOf(options: Partial<NatsOptions>): Promise<DocumentTable> {
  const store = await nats({
    ...{ servers: server.url, durability: 'trust', ...admin },
    ...options,
  }).openStore()
  onTestFinished(() => store.close())
  return store.table('t')
}

/** Counts what comes to the subject until it's asked for. */
async function counted(subject: string): Promise<() => Promise<number>> {
  let count = 0
  const subscription = connection.subscribe(subject, { callback: () => void count++ })
  await connection.flush()
  onTestFinished(() => subscription.unsubscribe())
  return async () => {
    await connection.flush()
    return count
  }
}

async function expectAll(table: DocumentTable): Promise<void> {
  const removed = await table.put('gone', '', undefined)
  await table.remove('gone', removed ?? 0)
  for (const key of keys) await table.put(key, key, undefined)
  const texts = keys.map((key) => [key, key])
  const many = await table.getMany([...keys, 'gone', 'absent'])
  expect([...many.values()].map(({ key, text }) => [key, text]).toSorted()).toEqual(
    texts.toSorted(),
  )
  const listed = await Array.fromAsync(table.list('key-'), ({ key, text }) => [key, text])
  expect(listed.toSorted()).toEqual(texts.toSorted())
}

test('many documents are one question, and the leader is not asked for each', async () => {
  const namespace = `many-${namespaces++}`
  const table = await tableOf({ namespace })
  const stream = `AETHER-TABLES_${namespace}`
  const batches = await counted(`$JS.API.DIRECT.GET.${stream}`)
  const singles = await counted(`$JS.API.STREAM.MSG.GET.${stream}`)
  await expectAll(table)
  expect([await batches(), await singles()]).toEqual([2, 0])
})

test('tables that were made without direct gets are read from the leader', async () => {
  const namespace = `many-${namespaces++}`
  await manager.streams.add({
    name: `AETHER-TABLES_${namespace}`,
    subjects: [`aether.${namespace}.table.>`],
    max_msgs_per_subject: 1,
    allow_msg_ttl: true,
  })
  await expectAll(await tableOf({ namespace }))
})

test('a login that may not get directly reads from the leader, and tries it once', async () => {
  const namespace = `many-${namespaces++}`
  await tableOf({ namespace })
  // Longer than the test may take: nobody waits for an answer that never comes.
  await expectAll(await tableOf({ namespace, user: 'barred', requestTimeoutMs: 60_000 }))
})

test('what a replica answers that knows less than the leader does not count', async () => {
  const stream = `AETHER-TABLES_many-${namespaces++}`
  await manager.streams.add({ name: stream, subjects: [`${stream}.>`], allow_direct: true })
  for (const key of ['a', 'b']) connection.publish(`${stream}.${key}`, key)
  await connection.flush()
  const library = await loadClientLibrary()
  const link = new NatsLink(library, await connect({ servers: server.url, ...admin }), '_INBOX')
  onTestFinished(() => link.close())
  const messagesWhereLeaderIsAt = (end: number): LastMessages =>
    new LastMessages({
      ...{ library, link, stream, timeoutMs: 10_000 },
      leader: { lastSequence: async () => end },
    })
  const subjects = ['a', 'b', 'absent'].map((key) => `${stream}.${key}`)
  const found = await messagesWhereLeaderIsAt(2).of(subjects)
  expect(found?.map(({ subject, seq }) => [subject, seq])).toEqual([
    [`${stream}.a`, 1],
    [`${stream}.b`, 2],
  ])
  expect(await messagesWhereLeaderIsAt(3).of(subjects)).toBeUndefined()
  expect(await messagesWhereLeaderIsAt(2).of([`${stream}.absent`])).toBeUndefined()
})
