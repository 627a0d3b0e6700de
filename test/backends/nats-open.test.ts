import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { greetLike } from '../support/old-nats-server.ts'

const accounts = `accounts {
  A { jetstream: enabled, users: [{ user: a, password: secret }] }
  B { users: [{ user: b, password: secret }] }
}`
const login = { user: 'a', pass: 'secret' }

let server: NatsServer
let admin: NatsConnection
let manager: JetStreamManager

beforeAll(async () => {
  server = await startNatsServer({ config: accounts, credentials: login })
  admin = await connect({ servers: server.url, ...login })
  manager = await jetstreamManager(admin)
})
afterAll(async () => {
  await admin.close()
  await server.stop()
})

async function open(options: Partial<NatsOptions> = {}): Promise<EventStore> {
  const store = await nats({ servers: server.url, ...login, ...options }).openStore()
  onTestFinished(() => store.close())
  return store
}

describe('the stream of a namespace', () => {
  test('is made by whoever comes first, of many at once', async () => {
    const stores = await Promise.all(
      Array.from({ length: 20 }, () => open({ namespace: 'crowd', replicas: 1 })),
    )
    const results = await Promise.all(
      stores.map((store) => store.append('a-1', [{ type: 'A', data: {} }], { expectedVersion: 0 })),
    )
    expect(results.filter((result) => result.ok)).toHaveLength(1)
    const { config } = await manager.streams.info('AETHER_crowd')
    expect(config).toMatchObject({
      subjects: ['aether.crowd.event.>'],
      storage: 'file',
      num_replicas: 1,
      max_age: 0,
      deny_delete: true,
      deny_purge: true,
      allow_direct: true,
      allow_atomic: true,
    })
  })

  test('which is another than it must be is refused, difference by difference, and left', async () => {
    const wrong = {
      name: 'AETHER_wrong',
      subjects: ['aether.wrong.event.>'],
      max_age: 3_600_000_000_000,
      deny_purge: true,
    }
    const { config } = await manager.streams.add(wrong)
    const refusal = await refusalOf(open({ namespace: 'wrong' }))
    expect(refusal).toMatchObject({ code: 'incompatible-store', retryable: false })
    expect(refusal.message).toMatch(/max_age is 3600000000000, must be 0/)
    expect(refusal.message).toMatch(/deny_delete is false, must be true/)
    expect(refusal.message).not.toMatch(/deny_purge|storage|replicas/)
    expect((await manager.streams.info('AETHER_wrong')).config).toEqual(config)
  })

  test('must have as many replicas as are asked for, if any are', async () => {
    await open({ namespace: 'single' })
    await open({ namespace: 'single', replicas: 1 })
    const refusal = await refusalOf(open({ namespace: 'single', replicas: 3 }))
    expect(refusal.message).toMatch(/num_replicas is 1, must be 3/)
  })

  test('whose subjects another stream already takes is refused', async () => {
    await manager.streams.add({ name: 'GREEDY', subjects: ['aether.greedy.>'] })
    expect(await refusalOf(open({ namespace: 'greedy' }))).toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/aether\.greedy\.event/) as string,
    })
  })

  test('with replicas needs a cluster', async () => {
    expect(await refusalOf(open({ namespace: 'cluster', replicas: 3 }))).toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/replicas: 3 needs a cluster/) as string,
    })
  })

  test('keeps what is in it: the server itself refuses to delete and to purge', async () => {
    const store = await open({ namespace: 'kept' })
    await store.append('a-1', [{ type: 'A', data: {} }], { expectedVersion: 0 })
    await expect(manager.streams.deleteMessage('AETHER_kept', 1)).rejects.toThrow(/not permitted/)
    await expect(manager.streams.purge('AETHER_kept')).rejects.toThrow(/not permitted/)
    await expect(manager.streams.update('AETHER_kept', { deny_purge: false })).rejects.toThrow(
      /deny_purge|purge/,
    )
    expect(await store.latestVersion('a-1')).toBe(1)
  })

  test('is not seen from another namespace', async () => {
    const [one, two] = await Promise.all([open({ namespace: 'one' }), open({ namespace: 'two' })])
    await one.append('a-1', [{ id: 'e-1', type: 'A', data: 1 }], { expectedVersion: 0 })
    expect(await two.latestVersion('a-1')).toBe(0)
    expect(await Array.fromAsync(two.readAll())).toEqual([])
    await two.append('a-1', [{ id: 'e-1', type: 'B', data: 2 }], { expectedVersion: 0 })
    expect((await Array.fromAsync(one.readAll())).map((event) => event.data)).toEqual([1])
  })
})

describe('a server that cannot be used is refused', () => {
  test('where there is none, in one line that names it and what to do', async () => {
    const port = await unusedPort()
    const refusal = await refusalOf(
      nats({ servers: `nats://u:secret@127.0.0.1:${port}` }).openStore(),
    )
    expect(refusal).toMatchObject({ code: 'store-unavailable', retryable: true })
    expect(refusal.message).toMatch(`127.0.0.1:${port}`)
    expect(refusal.message).toMatch(/start one/)
    expect(refusal.message).not.toMatch(/\n|secret/)
  })

  test('where it is silent, in time', async () => {
    const silent = await listen(() => undefined)
    const opening = nats({ servers: [silent, silent], connectTimeoutMs: 100 }).openStore()
    expect(await refusalOf(opening)).toMatchObject({
      code: 'store-unavailable',
      message: expect.stringMatching(/100 ms/) as string,
    })
  })

  test('where the login is wrong, without showing it', async () => {
    const refusal = await refusalOf(open({ pass: 'wrong-secret' }))
    expect(refusal).toMatchObject({ code: 'incompatible-store' })
    expect(refusal.message).toMatch(/refuses the login/)
    expect(`${refusal.message} ${refusal.stack} ${String(refusal.cause)}`).not.toMatch('secret')
  })

  test('where JetStream is off, with what to set', async () => {
    expect(await refusalOf(open({ user: 'b' }))).toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/JetStream is not enabled.*-js/) as string,
    })
  })

  test('where it is too old, with the version it has and the one it needs', async () => {
    const servers = await listen(greetLike('2.14.3'))
    const refusal = await refusalOf(nats({ servers }).openStore())
    expect(refusal).toMatchObject({ code: 'incompatible-store' })
    expect(refusal.message).toMatch(/2\.14\.3 .*2\.14\.4/)
    // Let in all the same, it's found to have no JetStream.
    expect((await refusalOf(nats({ servers, allowOldServer: true }).openStore())).message).toMatch(
      /JetStream is not enabled/,
    )
  })
})

test('the login may stand in the address', async () => {
  const servers = server.url.replace('//', '//a:secret@')
  await using store = await nats({ servers, namespace: 'login' }).openStore()
  expect(await store.latestVersion('a-1')).toBe(0)
})

test('without the client packages it says what to install, when it is opened', async () => {
  const backend = new URL('../../src/backends/nats/index.ts', import.meta.url)
  const script = `
    import { registerHooks } from 'node:module'
    const isHidden = (name) => name.startsWith('@nats-io/')
    registerHooks({
      resolve: (name, context, next) =>
        next(name, isHidden(name) ? { ...context, parentURL: 'file:///nowhere/' } : context),
    })
    const { nats } = await import(${JSON.stringify(backend.href)})
    await nats({ servers: 'h' }).openStore().catch((error) => console.log(error.code, error.message))`
  const args = ['--input-type=module', '--eval', script]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  expect(stdout).toMatch(
    /^missing-dependency .*npm install @nats-io\/transport-node @nats-io\/jetstream\n$/,
  )
})

async function refusalOf(opening: Promise<EventStore>): Promise<Error> {
  const refusal: unknown = await opening.then(
    (store) => store.close(),
    (error: unknown) => error,
  )
  expect(refusal).toBeInstanceOf(Error)
  return refusal as Error
}

/** Listens as long as the test runs, and gives the address. */
async function listen(onConnection: (socket: Socket) => void): Promise<string> {
  const listener = createServer(onConnection)
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void listener.close())
  return `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

async function unusedPort(): Promise<number> {
  const listener = createServer()
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  const { port } = listener.address() as AddressInfo
  await promisify(listener.close.bind(listener))()
  return port
}
