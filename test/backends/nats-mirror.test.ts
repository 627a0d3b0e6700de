import type { JetStreamManager } from '@nats-io/jetstream'
import { expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { type ActorId, verifyStore } from '../../src/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { until } from '../support/until.ts'
import { type ServerOfTests, useServer } from './server-of-tests.ts'

let server: ServerOfTests['server']
let manager: JetStreamManager
let namespaces = 0

useServer({}, (started) => ({ server, manager } = started))

/** The server chooses by chance who answers a direct get: one of the stream, or of its mirror. */
const tries = Array.from({ length: 20 })

const rare: ActorId = 'order-rare'
const dense: ActorId = 'other-dense'

interface Scene {
  readonly store: EventStore
  /** One that knows nothing yet. */
  another(): Promise<EventStore>
}

/** A store whose stream has a mirror, which has all of it or but its end. */
async function scene(from?: number, options: Partial<NatsOptions> = {}): Promise<Scene> {
  const namespace = `mirrored-${namespaces++}`
  const backend = nats({ servers: server.url, namespace, durability: 'trust', ...options })
  const another = async (): Promise<EventStore> => {
    const opened = await backend.openStore()
    onTestFinished(() => opened.close())
    return opened
  }
  const store = await another()
  for (let version = 0; version < 100; version++) {
    await store.append(dense, [{ type: 'Noted', data: version }], { expectedVersion: version })
    const isRare = version % 10 === 0
    const events = [{ type: 'Placed', data: version }]
    if (isRare) await store.append(rare, events, { expectedVersion: version / 10 })
  }
  await mirror(`AETHER_${namespace}`, from)
  return { store, another }
}

async function mirror(stream: string, from?: number): Promise<void> {
  const name = `COPY_${stream}`
  const origin = { name: stream, ...(from && { opt_start_seq: from }) }
  const { config } = await manager.streams.add({ name, mirror: origin })
  expect(config.mirror_direct).toBe(true) // the server's own idea, which can't be refused
  const { state } = await manager.streams.info(stream)
  const isThere = async (): Promise<boolean> =>
    (await manager.streams.info(name)).state.last_seq === state.last_seq
  await until(isThere, { description: 'the mirror has all that it is to have' })
}

function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

async function versionsOf(store: EventStore, actorId: ActorId): Promise<number[]> {
  return (await store.read(actorId).toArray()).map(({ version }) => version)
}

test.each([undefined, 60])(
  'a stream that is mirrored, from %j on, is read as it is',
  async (from) => {
    const { store, another } = await scene(from)
    for (const _ of tries) {
      expect(await store.readAll().toArray()).toHaveLength(110)
      expect(await store.readAll({ filter: { actorTypes: ['order'] } }).toArray()).toHaveLength(10)
      const fresh = await another()
      for (const reader of [store, fresh]) {
        expect(await versionsOf(reader, rare)).toEqual(upTo(10))
        expect(await versionsOf(reader, dense)).toEqual(upTo(100))
      }
    }
    expect(await Array.fromAsync(verifyStore(store))).toEqual([])
  },
)

test('a stream with retention that is mirrored in part is read as it is', async () => {
  const { store } = await scene(60, { retention: { keepForMs: 0 } })
  for (const _ of tries) {
    expect(await store.readAll().toArray()).toHaveLength(110)
    expect(await versionsOf(store, rare)).toEqual(upTo(10))
  }
})

test('tables of a stream that is mirrored in part have all their documents', async () => {
  const namespace = `mirrored-${namespaces++}`
  await using store = await nats({
    servers: server.url,
    namespace,
    durability: 'trust',
  }).openStore()
  const table = await store.table('t')
  const keys = upTo(40).map((number) => `key-${number}`)
  for (const key of keys) await table.put(key, key, undefined)
  await mirror(`AETHER-TABLES_${namespace}`, 20)
  for (const _ of tries) {
    expect((await table.getMany(keys)).size).toBe(40)
    expect(await Array.fromAsync(table.list('key-'))).toHaveLength(40)
  }
})
