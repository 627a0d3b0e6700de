import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import type { Logger } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import {
  type NatsCluster,
  type NatsServer,
  startNatsCluster,
  startNatsServer,
} from '../support/nats.ts'
import { asking, login, monitored, monitoringOf } from '../support/nats-monitoring.ts'
import { until } from '../support/until.ts'
import { Wire } from './wire.ts'

const synced = 'jetstream { sync_interval: always }'

describe('a server by itself', () => {
  let lazy: NatsServer
  let always: NatsServer
  beforeAll(async () => {
    lazy = await startNatsServer({ config: monitored })
    always = await startNatsServer({ config: `${monitored}\n${synced}` })
  })
  afterAll(async () => {
    await lazy.stop()
    await always.stop()
  })

  test('that syncs now and then is told of, once, with what to set', async () => {
    const logger = keepingLogger()
    const options = { servers: lazy.url, monitoring: await monitoringOf(lazy) }
    await open(options, logger)
    await until(() => logger.warnings.length > 0, { description: 'the warning' })
    expect(logger.warnings[0]).toMatch(
      new RegExp(`^nats-server ${lazy.name} syncs its disk every 120 s: .*sync_interval: always`),
    )
    // The second look is over when the third store, which waits for it, was refused.
    await open({ ...options, namespace: 'other' }, logger)
    await expect(open({ ...options, durability: 'require' }, logger)).rejects.toThrow(lazy.name)
    expect(logger.warnings).toHaveLength(1)
  })

  test('is told of as a warning of the process where there is no logger', async () => {
    const server = await startNatsServer({ config: monitored })
    onTestFinished(() => server.stop())
    const warnings: Error[] = []
    const take = (warning: Error): void => void warnings.push(warning)
    process.on('warning', take)
    onTestFinished(() => void process.off('warning', take))
    await open({ servers: server.url, monitoring: await monitoringOf(server) })
    // Other warnings of the process are nothing to us.
    const warning = await until(
      () => warnings.find(({ message }) => message.includes(server.name)),
      { description: 'the warning' },
    )
    expect(warning.name).toBe('AetherWarning')
  })

  test('that syncs now and then is refused where that is required', async () => {
    const monitoring = await monitoringOf(lazy)
    const opening = open({ servers: lazy.url, monitoring, durability: 'require' })
    await expect(opening).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/every 120 s.*sync_interval: always/) as string,
    })
  })

  test('that syncs always is good, by its monitoring', async () => {
    const logger = keepingLogger()
    const monitoring = [`${await monitoringOf(always)}/`]
    const store = await open({ servers: always.url, monitoring, durability: 'require' }, logger)
    expect(await store.latestVersion('a-1')).toBe(0)
    expect(logger.warnings).toEqual([])
  })

  test('that syncs always is good, by its own answer where the account may ask', async () => {
    const server = await startNatsServer({ config: `${asking}\n${synced}`, credentials: login })
    onTestFinished(() => server.stop())
    const store = await open({ servers: server.url, ...login, durability: 'require' })
    expect(await store.latestVersion('a-1')).toBe(0)
  })

  test('is asked once more where the connection was lost before it answered', async () => {
    const wire = await Wire.to(always.port)
    const connection = await connect({ servers: always.url })
    onTestFinished(async () => {
      await connection.close()
      await wire[Symbol.asyncDispose]()
    })
    const report = { server_name: always.name, jetstream: { config: { sync_always: true } } }
    let questions = 0
    connection.subscribe('$SYS.REQ.SERVER.PING.VARZ', {
      callback: (_, question) => {
        if (++questions > 1) question.respond(JSON.stringify({ data: report }))
        else {
          wire.cut()
          wire.mend()
        }
      },
    })
    await connection.flush()
    const store = await open({ servers: wire.url, namespace: 'lost', durability: 'require' })
    expect(await store.latestVersion('a-1')).toBe(0)
    expect(questions).toBe(2)
  })

  test('of which it can not be seen is told of, and refused where it is required', async () => {
    const logger = keepingLogger()
    await open({ servers: always.url }, logger)
    await until(() => logger.warnings.length > 0, { description: 'the warning' })
    expect(logger.warnings[0]).toMatch(/can't be seen \(the account does not import \$SYS/)
    expect(logger.warnings[0]).toMatch(/sync_interval: always.*monitoring.*'trust'/)
    await expect(open({ servers: always.url, durability: 'require' })).rejects.toMatchObject({
      code: 'incompatible-store',
      message: expect.stringMatching(/can't be seen/) as string,
    })
  })

  test('is not taken for another one, whose monitoring was named', async () => {
    const monitoring = await monitoringOf(always)
    const opening = open({ servers: lazy.url, monitoring, durability: 'require' })
    await expect(opening).rejects.toThrow(`${monitoring} is that of ${always.name}`)
  })

  test('is opened at once while its monitoring is silent, and closing ends the look', async () => {
    const { address, listener } = await listen()
    const asked = once(listener, 'connection')
    const store = await open({ servers: lazy.url, monitoring: address, requestTimeoutMs: 60_000 })
    expect(await store.latestVersion('a-1')).toBe(0)
    const [socket] = (await asked) as [NodeJS.Socket]
    const ended = once(socket.resume(), 'close')
    await store.close()
    await ended
  })

  test('is refused in time where its monitoring is silent and it is required', async () => {
    const { address, listener } = await listen()
    const options = { servers: always.url, durability: 'require', requestTimeoutMs: 200 } as const
    await expect(open({ ...options, monitoring: address })).rejects.toThrow(
      /can't be read.*timeout/,
    )
    listener.close()
    await expect(open({ ...options, monitoring: address })).rejects.toThrow(
      /can't be read.*ECONNREFUSED/,
    )
  })

  test('is not looked at where it is trusted', async () => {
    const logger = keepingLogger()
    const [trusted, asked] = [await listen(), await listen()]
    let connections = 0
    trusted.listener.on('connection', () => connections++)
    const options = { servers: lazy.url, requestTimeoutMs: 1_000 }
    await open({ ...options, monitoring: trusted.address, durability: 'trust' }, logger)
    // One that does look comes later than the other would have.
    const looking = open({ ...options, monitoring: asked.address, durability: 'require' })
    await expect(looking).rejects.toThrow(/can't be read/)
    expect(connections).toBe(0)
    expect(logger.warnings).toEqual([])
  })
})

describe('a server that is started again with another configuration', () => {
  const options = { ...login, retryForMs: 30_000 }

  test('is told of, each time that it changed for the worse', async () => {
    const server = await startNatsServer({ config: `${asking}\n${synced}`, credentials: login })
    onTestFinished(() => server.stop())
    const logger = keepingLogger()
    const store = await open({ ...options, servers: server.url }, logger)
    await store.latestVersion('a-1')
    for (const count of [1, 2]) {
      await restart(server, asking)
      await until(() => logger.warnings.length === count, { description: `warning ${count}` })
      await restart(server, asking)
      await restart(server, `${asking}\n${synced}`)
      // Of the look that finds it well nothing is heard: it has been when the store is opened so.
      await open({ ...options, servers: server.url, durability: 'require' }, logger)
    }
    expect(logger.warnings).toHaveLength(2)
    expect(logger.warnings[1]).toMatch(`nats-server ${server.name} syncs its disk every 120 s`)
  })

  test('takes no appends where it is required, until that is mended', async () => {
    const server = await startNatsServer({ config: `${asking}\n${synced}`, credentials: login })
    onTestFinished(() => server.stop())
    const logger = keepingLogger()
    const store = await open({ ...options, servers: server.url, durability: 'require' }, logger)
    const append = (): Promise<unknown> =>
      store.append('a-1', [{ type: 'A', data: {} }], { expectedVersion: 'any' })
    await append()
    await restart(server, asking)
    await until(() => logger.warnings.length > 0, { description: 'the warning' })
    const refused = { code: 'incompatible-store', message: expect.stringMatching('every 120 s') }
    await expect(append()).rejects.toMatchObject(refused)
    await expect(append()).rejects.toMatchObject(refused)
    expect(await store.latestVersion('a-1')).toBe(1)
    await restart(server, `${asking}\n${synced}`)
    await until(() => append().then(Boolean, () => false), { description: 'an append' })
    expect(logger.warnings).toHaveLength(1)
  })

  async function restart(server: NatsServer, config: string): Promise<void> {
    await writeFile(join(server.folder, 'nats.conf'), config)
    await server.restart()
  }
})

describe('three servers', () => {
  let cluster: NatsCluster
  beforeAll(async () => {
    const config = [asking, synced, monitored].join('\n')
    cluster = await startNatsCluster({ config, credentials: login })
  })
  afterAll(() => cluster.stop())

  test('must all sync always, and each is asked', async () => {
    const options = { servers: cluster.urls, ...login, replicas: 3, durability: 'require' } as const
    const store = await open({ ...options, namespace: 'three' })
    expect(await store.latestVersion('a-1')).toBe(0)

    const changed = cluster.nodes[1]!
    // One replica is placed where there is most room, so not there.
    const little = 'jetstream { max_file_store: 1GB }'
    await writeFile(join(changed.folder, 'nats.conf'), [asking, monitored, little].join('\n'))
    await changed.restart()
    await cluster.ready()
    await expect(open({ ...options, namespace: 'three' })).rejects.toThrow(
      `nats-server ${changed.name} syncs its disk every 120 s`,
    )
    // Not where it keeps nothing of the stream.
    await until(() => opensOneReplica({ ...options, replicas: 1 }), {
      description: 'a stream that another server keeps',
      timeoutMs: 90_000,
    })
  })

  test('are unknown but for those whose monitoring was named, unless they can be asked', async () => {
    const others = await startNatsCluster({ config: [synced, monitored].join('\n') })
    onTestFinished(() => others.stop())
    const [first, ...rest] = await Promise.all(others.nodes.map(monitoringOf))
    const options = { servers: others.urls, replicas: 3, durability: 'require' } as const
    await expect(open({ ...options, monitoring: first! })).rejects.toThrow(
      new RegExp(`whether nats-server (${others.nodes[1]!.name}|${others.nodes[2]!.name}) syncs`),
    )
    const store = await open({ ...options, monitoring: [first!, ...rest] })
    expect(await store.latestVersion('a-1')).toBe(0)
  })

  test('that keep a stream once only are told of, unless that was said to be meant', async () => {
    const logger = keepingLogger()
    const options = { servers: cluster.urls, ...login, namespace: 'single' }
    await open({ ...options, replicas: 1 }, logger)
    await open(options, logger)
    await until(() => ofReplicas(logger).length > 0, { description: 'the warning' })
    await open(options, logger)
    expect(ofReplicas(logger)).toHaveLength(1)
    expect(ofReplicas(logger)[0]).toMatch(/AETHER_single is kept by one server .*replicas: 1/)
  })

  async function opensOneReplica(options: NatsOptions): Promise<boolean> {
    return open({ ...options, namespace: randomUUID() }).then(
      () => true,
      () => false,
    )
  }
})

test.each([
  { durability: 'strict' as 'warn' },
  { monitoring: 'localhost:8222' },
  { monitoring: ['http://user:secret@127.0.0.1:8222'] },
])('%j is refused', (options) => {
  expect(() => nats({ servers: 'h', ...options })).toThrow(
    expect.objectContaining({
      code: 'invalid-argument',
      message: expect.not.stringMatching('secret'),
    }),
  )
})

async function open(options: NatsOptions, logger?: Logger): Promise<EventStore> {
  const store = await nats(options).openStore(logger && { logger })
  onTestFinished(() => store.close())
  return store
}

interface KeepingLogger extends Logger {
  readonly warnings: readonly string[]
}

function keepingLogger(): KeepingLogger {
  const warnings: string[] = []
  const ignore = (): void => undefined
  const warn = (_: object, message: string): void => void warnings.push(message)
  return { warnings, debug: ignore, info: ignore, error: ignore, warn }
}

function ofReplicas({ warnings }: KeepingLogger): string[] {
  return warnings.filter((warning) => warning.includes('replicas'))
}

/** Takes connections and says nothing, as long as the test runs. */
async function listen(): Promise<{ readonly address: string; readonly listener: Server }> {
  const listener = createServer()
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void listener.close())
  return { address: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`, listener }
}
