import type { EventStore, StoredEvent } from 'aether'
import { nats, type NatsPermissions, natsPermissions } from 'aether/nats'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'

/** More than what a consumer is made for. */
const length = 12_000
const pass = 'secret'

let server: NatsServer
let all: readonly string[]
beforeAll(async () => {
  const logins = { reader: natsPermissions('long', 'reader'), plain: withoutConsumers() }
  const users = Object.entries(logins).map(([user, permissions]) =>
    JSON.stringify({ user, password: pass, permissions }),
  )
  const admin = JSON.stringify({ user: 'admin', password: pass })
  const config = `accounts { A { jetstream: enabled, users: [${[admin, ...users].join(', ')}] } }`
  server = await startNatsServer({ config, credentials: { user: 'admin', pass } })
  await using store = await open('admin')
  all = await fill(store)
})
afterAll(() => server.stop())

describe('a long read', () => {
  test('gives the whole log in its order, by a consumer that it takes away again', async () => {
    await using store = await open('reader')
    const connection = await connect({ servers: server.url, user: 'admin', pass })
    const manager = await jetstreamManager(connection)
    let consumers = 0
    const seen: string[] = []
    for await (const event of store.readAll()) {
      if (seen.push(event.id) === 6_000) consumers = await countConsumers(manager)
    }
    expect(seen).toEqual(all)
    expect(consumers).toBe(1)
    await until(async () => (await countConsumers(manager)) === 0, { description: 'no consumer' })
    await connection.close()
  })

  test('begins behind a position, and filters', async () => {
    await using store = await open('reader')
    const after = (await collect(store.readAll({ limit: 700 }))).at(-1)?.position ?? 0
    expect(idsOf(await collect(store.readAll({ after })))).toEqual(all.slice(700))
    const filter = { actorTypes: ['even'] }
    const even = all.filter((id) => id.startsWith('even'))
    expect(idsOf(await collect(store.readAll({ filter })))).toEqual(even)
    const first = await collect(store.readAll({ filter, limit: 11_000 }))
    expect(idsOf(first)).toEqual(even.slice(0, 11_000))
  })

  test('goes without a consumer where the login may not make one', async () => {
    await using store = await open('plain')
    expect(idsOf(await collect(store.readAll()))).toEqual(all)
  })

  test('misses nothing where somebody else takes messages of its consumer', async () => {
    await using store = await open('reader')
    const connection = await connect({ servers: server.url, user: 'admin', pass })
    const manager = await jetstreamManager(connection)
    let stolen: string | undefined
    const seen: string[] = []
    // Of all types, a gap in the sequences would tell.
    const filter = { actorTypes: ['even'] }
    for await (const event of store.readAll({ filter })) {
      if (seen.push(event.id) !== 100) continue
      const [consumer] = await manager.consumers.list('AETHER_long').next()
      const next = `$JS.API.CONSUMER.MSG.NEXT.AETHER_long.${consumer?.name}`
      // What is taken comes under its own subject, by which the client wouldn't know whose it is.
      stolen = (await connection.request(next, '', { noMux: true, timeout: 5_000 })).subject
    }
    expect(stolen).toMatch(/^aether\.long\.event\./)
    expect(seen).toEqual(all.filter((id) => id.startsWith('even')))
    await connection.close()
  })

  test('that is left leaves no consumer', async () => {
    await using store = await open('reader')
    for await (const _ of store.readAll()) break
    const connection = await connect({ servers: server.url, user: 'admin', pass })
    const manager = await jetstreamManager(connection)
    await until(async () => (await countConsumers(manager)) === 0, { description: 'no consumer' })
    await connection.close()
  })

  test('goes on after its server was killed, and its consumer with it', async () => {
    await using store = await open('reader')
    const seen: string[] = []
    for await (const event of store.readAll()) {
      if (seen.push(event.id) === 3_000) {
        await server.kill()
        await server.restart()
      }
    }
    expect(seen).toEqual(all)
  })
})

/** Of two types, most of them of one; gives the ids in the order of the log. */
async function fill(store: EventStore): Promise<readonly string[]> {
  const writers = Array.from({ length: 64 }, async (_, writer) => {
    for (let n = writer; n < length * 1.1; n += 64) {
      const actorId = n % 11 === 0 ? (`odd-${n}` as const) : (`even-${n}` as const)
      await store.append(actorId, [{ id: actorId, type: 'A', data: n }], { expectedVersion: 0 })
    }
  })
  await Promise.all(writers)
  return idsOf(await collect(store.readAll({ limit: 9_000 }))).concat(
    idsOf(await collect(store.readAll({ after: await positionOf(store, 9_000), limit: 9_000 }))),
  )
}

async function positionOf(store: EventStore, count: number): Promise<number> {
  return (await collect(store.readAll({ limit: count }))).at(-1)?.position ?? 0
}

function open(user: string): Promise<EventStore> {
  return nats({ servers: server.url, namespace: 'long', user, pass }).openStore()
}

function withoutConsumers(): NatsPermissions {
  const { publish, subscribe } = natsPermissions('long', 'reader')
  const allow = publish.allow.filter((subject) => !subject.includes('CONSUMER'))
  return { publish: { allow }, subscribe }
}

async function countConsumers(
  manager: Awaited<ReturnType<typeof jetstreamManager>>,
): Promise<number> {
  return (await manager.streams.info('AETHER_long')).state.consumer_count
}

async function collect(events: AsyncIterable<StoredEvent>): Promise<readonly StoredEvent[]> {
  return Array.fromAsync(events)
}

function idsOf(events: readonly StoredEvent[]): readonly string[] {
  return events.map((event) => event.id)
}
