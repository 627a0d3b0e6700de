import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import type { DocumentTable } from '../../src/store/index.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { Wire } from './wire.ts'

let server: NatsServer
let connection: NatsConnection
let manager: JetStreamManager
let namespaces = 0
beforeAll(async () => {
  server = await startNatsServer()
  connection = await connect({ servers: server.url })
  manager = await jetstreamManager(connection)
})
afterAll(async () => {
  await connection.close()
  await server.stop()
})

async function tableOf(options: Partial<NatsOptions> = {}): Promise<DocumentTable> {
  const servers = server.url
  const backend = nats({ servers, durability: 'trust', ...options })
  const store = await backend.openStore()
  onTestFinished(() => store.close())
  return store.table('t')
}

interface Scene {
  readonly wire: Wire
  /** Reaches the server over the wire. */
  readonly table: DocumentTable
  /** The same one, directly. */
  readonly observer: DocumentTable
  /** Of the document `a`, with the text `0`. */
  readonly revision: number
}

async function scene(options: Partial<NatsOptions> = {}): Promise<Scene> {
  const namespace = `tables-${namespaces++}`
  const wire = await Wire.to(server.port)
  const table = await tableOf({ servers: wire.url, namespace, ...options })
  onTestFinished(() => wire[Symbol.asyncDispose]())
  const observer = await tableOf({ namespace })
  const revision = (await table.put('a', '0', undefined)) ?? 0
  return { wire, table, observer, revision }
}

function untilText(observer: DocumentTable, text: string | undefined): Promise<boolean> {
  return until(async () => (await observer.get('a'))?.text === text, {
    description: `the text is ${text}`,
  })
}

describe('a put whose connection breaks', () => {
  test('after it was stored: gives its revision', async () => {
    const { wire, table, observer, revision } = await scene()
    wire.hold('answers')
    const putting = table.put('a', '1', revision)
    await untilText(observer, '1')
    wire.cut()
    wire.mend()
    expect(await putting).toBe((await observer.get('a'))?.revision)
  })

  test('before another one came to the same place: is not stored', async () => {
    const { wire, table, observer, revision } = await scene()
    wire.hold('requests')
    const putting = table.put('a', '1', revision)
    await until(() => wire.heldChunks > 0, { description: 'the put was sent' })
    await observer.put('a', '2', revision)
    wire.cut()
    wire.mend()
    expect(await putting).toBeUndefined()
    expect((await observer.get('a'))?.text).toBe('2')
  })

  test('after it was stored, and was replaced meanwhile: has an unknown outcome', async () => {
    const { wire, table, observer, revision } = await scene()
    wire.hold('answers')
    const putting = table.put('a', '1', revision)
    await untilText(observer, '1')
    await observer.put('a', '2', (await observer.get('a'))?.revision)
    wire.cut()
    wire.mend()
    await expect(putting).rejects.toMatchObject({
      code: 'outcome-unknown',
      message: 'whether "a" of the table t was changed is unknown: read it to know',
    })
  })

  test('a removal that was stored is done', async () => {
    const { wire, table, observer, revision } = await scene()
    wire.hold('answers')
    const removing = table.remove('a', revision)
    await untilText(observer, undefined)
    wire.cut()
    wire.mend()
    expect(await removing).toBe(true)
  })
})

test('what says that a document was taken away goes by itself, and is not needed', async () => {
  const namespace = `tables-${namespaces++}`
  const table = await tableOf({ namespace })
  const first = (await table.put('a', '1', undefined)) ?? 0
  await table.remove('a', first)
  const stream = `AETHER-TABLES_${namespace}`
  const subject = `aether.${namespace}.table.t.a`
  const marker = await manager.streams.getMessage(stream, { last_by_subj: subject })
  expect(marker?.header.get('Nats-TTL')).toBe('135s')
  // As the server does it then.
  await manager.streams.deleteMessage(stream, marker?.seq ?? 0)
  expect(await table.put('a', 'x', first)).toBeUndefined()
  expect(await table.put('a', 'x', marker?.seq)).toBeUndefined()
  expect(await table.get('a')).toBeUndefined()
  expect(await table.put('a', '2', undefined)).toBeGreaterThan(marker?.seq ?? Infinity)
})

test('a text that the server would not take is too large, and the document stays', async () => {
  const table = await tableOf({ namespace: `tables-${namespaces++}` })
  const revision = await table.put('a', 'kept', undefined)
  const most = connection.info?.max_payload ?? 0
  await expect(table.put('a', 'x'.repeat(most), revision)).rejects.toMatchObject({
    code: 'too-large',
  })
  expect((await table.get('a'))?.text).toBe('kept')
  expect(await table.put('a', 'x'.repeat(most - 512), revision)).toBeGreaterThan(revision ?? 0)
})

test('nobody who only looks makes the stream; who watches is told of the first document', async () => {
  const namespace = `tables-${namespaces++}`
  const [table, other] = [await tableOf({ namespace }), await tableOf({ namespace })]
  let wakes = 0
  await table.watch(() => wakes++)
  expect(await table.get('a')).toBeUndefined()
  expect(await Array.fromAsync(table.list(''))).toEqual([])
  expect(await table.remove('a', 1)).toBe(false)
  await table.clear()
  const stream = `AETHER-TABLES_${namespace}`
  await expect(manager.streams.info(stream)).rejects.toThrow('stream not found')
  await other.put('a', '1', undefined)
  await until(() => wakes > 0, { description: 'the wake-up' })
  expect((await table.get('a'))?.text).toBe('1')
})

test('who watches has one consumer for all tables, which brings nothing of others', async () => {
  const namespace = `tables-${namespaces++}`
  const backend = nats({ servers: server.url, namespace, durability: 'trust' })
  const store = await backend.openStore()
  const [one, two] = [await store.table('one'), await store.table('two')]
  await one.put('a', '1', undefined)
  const stream = `AETHER-TABLES_${namespace}`
  const filters = async (): Promise<unknown> => {
    const consumers = await manager.consumers.list(stream).next()
    return consumers.map(({ config }) => config.filter_subjects ?? config.filter_subject)
  }
  const first = await one.watch(() => undefined)
  const of = (name: string): string => `aether.${namespace}.table.${name}.*`
  expect(await filters()).toEqual([[of('one')]])
  const second = await two.watch(() => undefined)
  const isOne = async (): Promise<boolean> => {
    expect(await filters()).toEqual([[of('one'), of('two')]])
    return true
  }
  await until(isOne, { description: 'one consumer' })
  await first[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
  await until(async () => ((await filters()) as unknown[]).length === 0, {
    description: 'no consumer',
  })
  await store.close()
})

test('a stream that is kept otherwise is refused, and left as it is', async () => {
  const namespace = `tables-${namespaces++}`
  const table = await tableOf({ namespace })
  await manager.streams.add({
    name: `AETHER-TABLES_${namespace}`,
    subjects: [`aether.${namespace}.table.>`],
    max_msgs_per_subject: 5,
  })
  const refused = {
    code: 'incompatible-store',
    message: expect.stringMatching(
      /can't keep tables: max_msgs_per_subject is 5, must be 1; allow_msg_ttl/,
    ) as string,
  }
  await expect(table.put('a', '1', undefined)).rejects.toMatchObject(refused)
  await expect(table.get('a')).rejects.toMatchObject(refused)
})
