import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { type Backend, open } from 'aether'
import { serve, type ServeOptions } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { send } from '../support/http-client.ts'
import { until } from '../support/until.ts'
import { EventSource } from './event-source.ts'
import { RawConnection } from './raw-connection.ts'
import { Slow } from './slow.ts'
import { Thing } from './thing.ts'
import { watched } from './watched-subscriptions.ts'

interface Gateway extends AsyncDisposable {
  readonly url: string
  readonly errors: readonly unknown[]
  keep(key: string, value: unknown): Promise<unknown>
  versionOf(target: string): Promise<number>
  close(): Promise<void>
}

async function start(options: ServeOptions = {}, backend: Backend = memory()): Promise<Gateway> {
  const node = await open({ backend, actors: [Thing, Slow] })
  const errors: unknown[] = []
  const onError = (error: unknown): number => errors.push(error)
  const server = await serve(node, { port: 0, onError, ...options })
  return {
    url: server.url,
    errors,
    keep: (key, value) => node.get(Thing, key).keep(value),
    async versionOf(target) {
      const { json } = await send(server.url, 'GET', `/actors/${target}`)
      return (json as { readonly version: number }).version
    },
    close: () => server.close(),
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

function post(url: string, target: string, ...rest: readonly string[]): string[] {
  return [`POST ${target} HTTP/1.1`, `host: ${new URL(url).host}`, ...rest]
}

const whole = (body: string): string[] => [`content-length: ${body.length}`, '', body]
const inChunks = (body: string): string[] => ['transfer-encoding: chunked', '', body]

describe('what is no HTTP', () => {
  test('is told behind the answers to what was, never in their place', async () => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    const first = post(gateway.url, '/actors/slow/a/work', ...whole('50'))
    const second = post(gateway.url, '/actors/slow/a/work', ...whole('0'))
    connection.say(first.join('\r\n') + second.join('\r\n') + 'no request\r\n\r\n')
    expect(await connection.statuses(3)).toEqual([200, 200, 400])
    await connection.end()
    expect(await gateway.versionOf('slow/a')).toBe(2)
  })

  test('inside a body leaves the command undone, and tells so', async () => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    const lines = post(gateway.url, '/actors/thing/a/keep', ...inChunks('1\r\n1\r\nzz\r\n\r\n'))
    connection.say(...lines)
    expect(await connection.statuses(1)).toEqual([400])
    await connection.end()
    expect(connection.received).toContain('"code":"invalid-argument"')
    expect(await connection.statuses(1)).toEqual([400])
    expect(await gateway.versionOf('thing/a')).toBe(0)
    expect(gateway.errors).toEqual([])
  })

  test('ends a stream of events before it', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start({}, watched(memory(), seen))
    using connection = await streamOf(gateway.url)
    await until(() => seen.open === 1, { description: 'it is open' })
    connection.say('no request\r\n\r\n')
    await connection.end()
    expect(seen.open).toBe(0)
  })

  test.each([
    [`x: ${'x'.repeat(20_000)}`, 431],
    ['x', 400],
  ])('is answered by what is wrong with it', async (line, status) => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    connection.say('GET /events HTTP/1.1', line, '', '')
    expect(await connection.statuses(1)).toEqual([status])
    await connection.end()
  })
})

test('a client that goes on sending is told what was refused', async () => {
  await using gateway = await start()
  const body = Buffer.alloc(64 * 1_048_576, ' ')
  const statuses: number[] = []
  for (const target of ['/actors/thing/a/keep', '/nothing', '/nothing', '/nothing'])
    statuses.push((await send(gateway.url, 'POST', target, { body })).status)
  expect(statuses).toEqual([413, 404, 404, 404])
})

describe('a client that waits for leave to send its body', () => {
  const waiting = (length: number): string[] => [
    'expect: 100-continue',
    `content-length: ${length}`,
    '',
    '',
  ]

  test('is given it where the body is wanted', async () => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    connection.say(...post(gateway.url, '/actors/thing/a/keep', ...waiting(1)))
    expect(await connection.statuses(1)).toEqual([100])
    connection.say('7')
    expect(await connection.statuses(2)).toEqual([100, 200])
  })

  test.each([
    ['/nothing', 1, 404],
    ['/actors/thing/a/keep', 1_048_577, 413],
  ])('is told at once that %s takes no %d bytes', async (target, length, status) => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    connection.say(...post(gateway.url, target, ...waiting(length)))
    expect(await connection.statuses(1)).toEqual([status])
  })
})

test.each([
  ['gzip', gzipSync('1'), 415],
  ['br', '1', 415],
  ['identity', '1', 200],
])('a body that is encoded as %s is answered with its status', async (encoding, body, status) => {
  await using gateway = await start()
  const headers = { 'content-encoding': encoding }
  const reply = await send(gateway.url, 'POST', '/actors/thing/a/keep', { body, headers })
  expect(reply.status).toBe(status)
  if (status === 415) expect(reply.json).toMatchObject({ code: 'unsupported-encoding' })
})

test.each([
  ['gzip, chunked', 501],
  ['gzip\r\ntransfer-encoding: chunked', 501],
  ['Chunked', 200],
])('a body that is transferred as %j is answered with %d', async (codings, status) => {
  await using gateway = await start()
  using connection = await RawConnection.to(gateway.url)
  const body = [`transfer-encoding: ${codings}`, '', '1\r\n1\r\n0\r\n\r\n']
  connection.say(...post(gateway.url, '/actors/thing/a/keep', ...body))
  expect(await connection.statuses(1)).toEqual([status])
  if (status === 501) expect(connection.received).toContain('"unsupported-transfer-coding"')
  expect(await gateway.versionOf('thing/a')).toBe(status === 200 ? 1 : 0)
  expect(gateway.errors).toEqual([])
})

test('of two hosts in one request, both count', async () => {
  await using gateway = await start()
  using connection = await RawConnection.to(gateway.url)
  const { host } = new URL(gateway.url)
  connection.say('GET /events HTTP/1.1', `host: ${host}`, 'host: evil.example', '', '')
  expect(await connection.statuses(1)).toEqual([403])
})

describe('a client that closes its side behind its request', () => {
  const work = (url: string, ms: string): string[] => post(url, '/actors/slow/a/work', ...whole(ms))

  test.for(['0', '600'])('is answered, where that takes %s ms', async (ms) => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    connection.say(...work(gateway.url, ms))
    connection.closeSide()
    await connection.end()
    const answers = (await connection.statuses(1)).filter((status) => status !== 100)
    expect(answers).toEqual([200])
    expect(await gateway.versionOf('slow/a')).toBe(1)
  })

  test('is answered all that it asked for', async () => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    connection.say(...work(gateway.url, '300'), ...work(gateway.url, '0'))
    connection.closeSide()
    await connection.end()
    const answers = (await connection.statuses(2)).filter((status) => status !== 100)
    expect(answers).toEqual([200, 200])
  })

  test('and has left takes back what waits', async () => {
    await using gateway = await start()
    using connection = await RawConnection.to(gateway.url)
    connection.say(...work(gateway.url, '1500'))
    connection[Symbol.dispose]()
    using other = await RawConnection.to(gateway.url)
    other.say(...work(gateway.url, '2000'))
    expect(await other.statuses(1)).toEqual([200])
    expect(await gateway.versionOf('slow/a')).toBe(1)
  })

  test('ends a stream by that', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start({}, watched(memory(), seen))
    using connection = await streamOf(gateway.url)
    await until(() => seen.open === 1, { description: 'it is open' })
    connection.closeSide()
    await connection.end()
    await until(() => seen.open === 0, { description: 'it has ended' })
  })
})

describe('bodies that come slowly', () => {
  const maxUnfinishedBytes = 2 * 1_048_576

  /** All but the last byte of it. */
  async function begun(gateway: Gateway, key: string): Promise<RawConnection> {
    const connection = await RawConnection.to(gateway.url)
    const body = `"${'x'.repeat(900_000)}`
    const length = `content-length: ${body.length + 1}`
    connection.say(...post(gateway.url, `/actors/thing/${key}/keep`, length, '', body))
    return connection
  }

  test('give way where they hold too much together, the first ones first', async () => {
    await using gateway = await start({ maxUnfinishedBytes })
    using first = await begun(gateway, 'a')
    using second = await begun(gateway, 'b')
    using third = await begun(gateway, 'c')
    expect(await first.statuses(1)).toEqual([503])
    expect(first.received).toContain('"code":"overloaded"')
    for (const connection of [second, third]) {
      connection.say('"')
      expect(await connection.statuses(1)).toEqual([200])
    }
    expect(gateway.errors).toEqual([])
  })

  test('are let go with their clients', async () => {
    await using gateway = await start({ maxUnfinishedBytes })
    using slow = await begun(gateway, 'a')
    for (let n = 0; n < 10; n++) {
      using left = await begun(gateway, 'b')
      left.closeSide()
      await left.end()
    }
    slow.say('"')
    expect(await slow.statuses(1)).toEqual([200])
  })

  test('may hold as much as one at least', async () => {
    await expect(start({ maxUnfinishedBytes: 1_048_575 })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })
})

describe('a client that takes nothing is cut off', () => {
  /** It reads nothing, and sends what means nothing between two requests: so it is told. */
  async function cutOff(gateway: Gateway, target: string): Promise<Socket> {
    const { hostname, port, host } = new URL(gateway.url)
    const socket = connect(Number(port), hostname).pause()
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.write(`GET ${target} HTTP/1.1\r\nhost: ${host}\r\n\r\n`)
    const isClosed = (): boolean => {
      socket.write('\r\n')
      return socket.closed
    }
    await until(isClosed, { description: 'it is cut off' })
    return socket
  }

  const large = 'x'.repeat(1_000_000)

  test('with half a page', async () => {
    await using gateway = await start({ stallTimeoutMs: 50 })
    for (let n = 0; n < 8; n++) await gateway.keep('a', large)
    const socket = await cutOff(gateway, '/events')
    expect(socket.bytesRead).toBeLessThan(8_000_000)
  })

  test('with a stream', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start({ stallTimeoutMs: 50 }, watched(memory(), seen))
    for (let n = 0; n < 20; n++) await gateway.keep('a', large)
    await cutOff(gateway, '/events/stream')
    await until(() => seen.open === 0, { description: 'it has ended' })
    expect(seen.given).toBeLessThan(20)
  })

  test('but not one for which there is nothing to take', async () => {
    await using gateway = await start({ stallTimeoutMs: 250, heartbeatMs: 300 })
    await gateway.keep('a', 1)
    using stream = await EventSource.open(gateway.url, '/events/stream')
    using connection = await RawConnection.to(gateway.url)
    connection.say(...post(gateway.url, '/actors/slow/a/work', ...whole('600')))
    await until(() => stream.comments >= 2, { description: 'the stream goes on' })
    expect(await connection.statuses(1)).toEqual([200])
    expect(stream.ended).toBe(false)
  })

  test.each([0, 1.5, Number.NaN])('not after %d ms', async (stallTimeoutMs) => {
    await expect(start({ stallTimeoutMs })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('connections', () => {
  test('beyond maxConnections are closed, the others go on', async () => {
    await using gateway = await start({ maxConnections: 2 })
    using first = await RawConnection.to(gateway.url)
    using second = await RawConnection.to(gateway.url)
    using third = await RawConnection.to(gateway.url)
    await third.end()
    for (const connection of [first, second]) {
      connection.say(...post(gateway.url, '/actors/thing/a/keep', ...whole('1')))
      expect(await connection.statuses(1)).toEqual([200])
    }
  })

  test('are one at least', async () => {
    await expect(start({ maxConnections: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

/** A connection that has asked for a stream of events. */
async function streamOf(url: string): Promise<RawConnection> {
  const connection = await RawConnection.to(url)
  connection.say('GET /events/stream HTTP/1.1', `host: ${new URL(url).host}`, '', '')
  return connection
}
