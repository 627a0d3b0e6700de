import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nats, type NatsOptions, natsPermissions } from '../../src/backends/nats/index.ts'
import { type EventStore, verifyStore } from '../../src/store/index.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'

const retention = { keepForMs: 3_600_000 }
const time = '2020-01-01T00:00:00.000Z'
const newActor = { expectedVersion: 0 } as const
const pass = 'secret'
const admin = { user: 'admin', pass }

let server: NatsServer
let connection: NatsConnection
let manager: JetStreamManager
beforeAll(async () => {
  const limited = (['creator', 'writer', 'trimmer'] as const).map((role) =>
    JSON.stringify({ user: role, password: pass, permissions: natsPermissions('roles', role) }),
  )
  const users = [JSON.stringify({ user: 'admin', password: pass }), ...limited]
  const config = `accounts { A { jetstream: enabled, users: [${users.join(', ')}] } }`
  server = await startNatsServer({ config, credentials: admin })
  connection = await connect({ servers: server.url, ...admin })
  manager = await jetstreamManager(connection)
})
afterAll(async () => {
  await connection.close()
  await server.stop()
})

function backend(namespace: string, options: Partial<NatsOptions> = {}) {
  const login = options.user === undefined ? admin : {}
  return nats({ servers: server.url, namespace, durability: 'trust', ...login, ...options })
}

async function old(store: EventStore, count: number): Promise<void> {
  for (let version = 1; version <= count; version++)
    await store.save('a-1', { version, time, type: 'Old', data: version })
  await store.append('a-1', [{ type: 'Young', data: 0 }], { expectedVersion: count })
}

/** The same stream without one message, which a stream of a store denies. */
async function removeByForce(stream: string, missing: number): Promise<void> {
  const { config, state } = await manager.streams.info(stream)
  const messages = []
  for (let seq = 1; seq <= state.last_seq; seq++)
    messages.push(await manager.streams.getMessage(stream, { seq }))
  await manager.streams.delete(stream)
  await manager.streams.add({ ...config, deny_delete: false })
  for (const message of messages)
    await jetstream(connection).publish(message!.subject, message!.data, {
      headers: message!.header,
    })
  await manager.streams.deleteMessage(stream, missing)
  await manager.streams.update(stream, { ...config, deny_delete: true })
}

describe('a stream that was made without retention', () => {
  test('lets nothing go, and is not made into another', async () => {
    await using store = await backend('whole').openStore()
    await old(store, 2)
    await expect(store.trim()).rejects.toMatchObject({ code: 'incompatible-store' })
    await expect(manager.streams.purge('AETHER_whole')).rejects.toThrow(/not permitted/)
    await expect(backend('whole', { retention }).openStore()).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/made without retention, which never changes/) as string,
    })
    expect((await backend('whole').inspect?.())?.['retention']).toBe('every event is kept')
  })

  test('is refused where it may be purged without saying so', async () => {
    await (await backend('loose').openStore()).close()
    const { config } = await manager.streams.info('AETHER_loose')
    await manager.streams.delete('AETHER_loose')
    await manager.streams.add({ ...config, deny_purge: false })
    await expect(backend('loose').openStore()).rejects.toThrow(/deny_purge is false, must be true/)
  })
})

describe('a stream that was made with retention', () => {
  test('says so, and is opened with the same or without naming it', async () => {
    await using store = await backend('kept', { retention }).openStore()
    await old(store, 3)
    const said = 'events older than 3600000 ms may be removed'
    expect((await backend('kept').inspect?.())?.['retention']).toBe(said)
    await (await backend('kept', { retention }).openStore()).close()
    await expect(backend('kept', { retention: { keepForMs: 5 } }).openStore()).rejects.toThrow(
      /was made with keepForMs 3600000, not 5/,
    )
    await using other = await backend('kept').openStore()
    expect((await other.trim()).removed).toBe(3)
    await expect(manager.streams.deleteMessage('AETHER_kept', 4)).rejects.toThrow(/not permitted/)
  })

  test('a message that is missing in the middle is damage, and told as such', async () => {
    {
      await using store = await backend('holed', { retention }).openStore()
      await old(store, 5)
    }
    await removeByForce('AETHER_holed', 3)
    await using store = await backend('holed', { retention }).openStore()
    for (const direction of ['forwards', 'backwards'] as const)
      await expect(Array.fromAsync(store.read('a-1', { direction }))).rejects.toMatchObject({
        code: 'incompatible-store',
        message: expect.stringMatching(/has lost sequence 3.*damaged/) as string,
      })
    const findings = await Array.fromAsync(verifyStore(store))
    expect(findings.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['foreign-link', 'error'],
    ])
  })

  test('keeps an actor whose newest event cannot be read, and removes those of others', async () => {
    await using store = await backend('unread', { retention }).openStore()
    await old(store, 3)
    await store.save('b-1', { version: 1, time, type: 'Old', data: 1 })
    await store.append('b-1', [{ type: 'Young', data: 0 }], { expectedVersion: 1 })
    await jetstream(connection).publish('aether.unread.event.a.1', '{')
    expect(await store.trim()).toMatchObject({ removed: 1, actors: 1 })
    const left = await store.readAll({ onMalformed: 'collect' }).toArray()
    expect(left.map(({ actorId }) => actorId)).toEqual(['a-1', 'a-1', 'a-1', 'a-1', 'b-1', 'a-1'])
  })

  test('is not taken for damaged where it is trimmed while it is verified', async () => {
    await using store = await backend('meanwhile', { retention }).openStore({ hashChain: true })
    await store.save('a-1', { version: 1, time, type: 'Old', data: 1 })
    // As much as is fetched at once, and more.
    for (let n = 0; n < 6; n++)
      await store.append(`f-${n}`, [{ type: 'F', data: 'x'.repeat(800_000) }], newActor)
    for (let version = 2; version <= 6; version++)
      await store.save('a-1', { version, time, type: 'Old', data: version })
    await store.commit([
      { actorId: 'b-1', events: [{ type: 'B', data: 0 }], expectedVersion: 0 },
      { actorId: 'a-1', events: [], expectedVersion: 6 },
    ])
    await store.append('a-1', [{ type: 'Young', data: 0 }], { expectedVersion: 6 })
    const audit = store.audit.bind(store)
    let removed = 0
    store.audit = async function* (options) {
      for await (const entry of audit(options)) {
        yield entry
        removed ||= (await store.trim({ filter: { actorTypes: ['a'] } })).removed
      }
    }
    const findings = await Array.fromAsync(verifyStore(store))
    expect(findings.map(({ kind, severity }) => `${severity} ${kind}`)).toEqual([
      'warning trimmed-history',
    ])
    expect(removed).toBe(6)
  })

  test('is read by its links as well, where the actor is rare in it', async () => {
    await using store = await backend('sparse', { retention }).openStore()
    const filler = Array.from({ length: 300 }, (_, index) => index)
    for (let version = 1; version <= 120; version++) {
      const at = version <= 50 ? { time } : {}
      await store.save('a-1', { version, ...at, type: 'E', data: version })
      await Promise.all(
        filler.map((i) =>
          store.append(`f-${i}`, [{ type: 'F', data: 0 }], { expectedVersion: 'any' }),
        ),
      )
    }
    expect((await store.trim({ filter: { actorTypes: ['a'] } })).removed).toBe(50)
    await using other = await backend('sparse').openStore()
    const versions = async (options = {}): Promise<number[]> =>
      (await Array.fromAsync(other.read('a-1', options))).map(({ version }) => version)
    const left = Array.from({ length: 70 }, (_, index) => 51 + index)
    expect(await versions()).toEqual(left)
    expect(await versions({ direction: 'backwards' })).toEqual(left.toReversed())
    expect(await versions({ fromVersion: 40, toVersion: 60 })).toEqual(left.slice(0, 10))
    expect(await versions({ toVersion: 52, direction: 'backwards' })).toEqual([52, 51])
    const findings = await Array.fromAsync(verifyStore(other))
    expect(findings.map(({ kind, severity }) => [kind, severity])).toEqual([
      ['trimmed-history', 'warning'],
    ])
  })
})

describe('permissions', () => {
  test('a trimmer removes events, and a writer may not', async () => {
    await using creator = await backend('roles', { retention, user: 'creator', pass }).openStore()
    await old(creator, 3)
    await creator.saveSnapshot('a-1', { version: 2, state: 1, shape: 's' }).catch(() => undefined)
    await using writer = await backend('roles', { user: 'writer', pass }).openStore()
    await expect(writer.trim()).rejects.toMatchObject({
      code: 'not-permitted',
      message: 'the stream AETHER_roles may not be trimmed with this login',
    })
    await using trimmer = await backend('roles', { user: 'trimmer', pass }).openStore()
    expect((await trimmer.trim()).removed).toBe(3)
    await expect(
      trimmer.append('a-1', [{ type: 'A', data: 1 }], { expectedVersion: 4 }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/not-permitted|incompatible|unavailable|unknown/) as string,
    })
    expect(
      await writer.append('a-1', [{ type: 'A', data: 1 }], { expectedVersion: 4 }),
    ).toMatchObject({ ok: true, version: 5 })
  })
})
