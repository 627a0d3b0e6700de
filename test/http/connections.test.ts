import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { open } from 'aether'
import { type HttpServer, serve, type ServeOptions } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { Connections } from '../../src/http/connection/connections.ts'
import { until } from '../support/until.ts'
import { RawConnection } from './raw-connection.ts'
import { Slow } from './slow.ts'

async function start(options: ServeOptions = {}): Promise<HttpServer> {
  const node = await open({ backend: memory(), actors: [Slow] })
  return serve(node, { port: 0, ...options })
}

function work(url: string, ms: number): string[] {
  const length = `content-length: ${String(ms).length}`
  return ['POST /actors/slow/a/work HTTP/1.1', `host: ${new URL(url).host}`, length, '', `${ms}`]
}

function look(url: string, target: string): string[] {
  return [`GET ${target} HTTP/1.1`, `host: ${new URL(url).host}`, '', '']
}

async function urlOf(listener: Server): Promise<string> {
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
}

async function msOf(waiting: Promise<void>): Promise<number> {
  const start = performance.now()
  await waiting
  return performance.now() - start
}

describe('close is done at once', () => {
  test.each([
    ['an idle connection', ''],
    ['half a header', 'GET /events HTTP/1.1\r\nhost: 127'],
  ])('with %s', async (_label, text) => {
    const server = await start({ closeTimeoutMs: 60_000 })
    using connection = await RawConnection.to(server.url)
    using other = await RawConnection.to(server.url)
    connection.say(text)
    other.say(...look(server.url, '/healthz'))
    await other.statuses(1)
    expect(await msOf(server.close())).toBeLessThan(30_000)
    await connection.end()
  })
})

describe('close waits', () => {
  test('for an answer under way', async () => {
    const server = await start()
    using connection = await RawConnection.to(server.url)
    connection.say(...look(server.url, '/healthz'), ...work(server.url, 1_500))
    await connection.statuses(1)
    await server.close()
    expect(await connection.statuses(2)).toEqual([200, 200])
    expect(connection.received).toContain('connection: close')
  })

  test.each([
    ['an answer', work('http://127.0.0.1', 60_000)],
    ['half a body', work('http://127.0.0.1', 10).with(2, 'content-length: 9')],
  ])('for %s no longer than closeTimeoutMs', async (_label, lines) => {
    // Much less than the answer takes.
    const server = await start({ closeTimeoutMs: 100 })
    using connection = await RawConnection.to(server.url)
    const { host } = new URL(server.url)
    connection.say(...look(server.url, '/healthz'), ...lines.with(1, `host: ${host}`))
    await connection.statuses(1)
    expect(await msOf(server.close())).toBeLessThan(30_000)
    await connection.end()
    expect(await connection.statuses(1)).toEqual([200])
  })
})

test('requests that were sent together are done in their order', async () => {
  await using server = await start()
  using connection = await RawConnection.to(server.url)
  const { url } = server
  connection.say(...work(url, 100), ...look(url, '/actors/slow/a'), '', ...work(url, 0))
  expect(await connection.statuses(3)).toEqual([200, 200, 200])
  expect(connection.received).toContain('{"actorId":"slow-a","version":1,"state":{"done":1}}')
  expect(connection.received).toContain('"version":2')
})

test('of requests that are sent without end, no more are read than are answered', async () => {
  const gate = Promise.withResolvers<void>()
  const listener = createServer()
  let seen = 0
  listener.on('request', () => seen++)
  const connections = new Connections(listener, async (request, response) => {
    await gate.promise
    const body = await text(request.iterator({ destroyOnReturn: false }))
    response.end(body)
  })
  const url = await urlOf(listener)
  using connection = await RawConnection.to(url)
  using other = await RawConnection.to(url)
  const padding = `x: ${'x'.repeat(1_000)}`
  const count = 2_000
  for (let n = 0; n < count; n++)
    connection.say('POST / HTTP/1.1', 'host: x', 'content-length: 5', padding, '', `b${1_000 + n}`)
  await until(() => seen >= 100, { description: 'a hundred requests have come' })
  // By then the server would have read much more.
  const turns = createServer((_, response) => response.end())
  const turning = await urlOf(turns)
  for (let turn = 0; turn < 50; turn++) await (await fetch(turning)).text()
  turns.close()
  // What was read with the hundredth is there as well: 64 KiB.
  expect(seen).toBeLessThan(200)
  // Others aren't held.
  other.say('GET / HTTP/1.1', 'host: x', '', '')
  gate.resolve()
  expect(await other.statuses(1)).toEqual([200])
  await connection.statuses(count)
  const bodies = [...connection.received.matchAll(/b\d{4}/g)].map(String)
  expect(bodies).toEqual(Array.from({ length: count }, (_, n) => `b${1_000 + n}`))
  await connections.close(0)
})

test('what was sent behind the last answer of a connection is not done', async () => {
  await using server = await start()
  using connection = await RawConnection.to(server.url)
  const { url } = server
  const last = look(url, '/healthz').with(2, 'connection: close').concat('')
  connection.say(...last, ...work(url, 0))
  await connection.end()
  using other = await RawConnection.to(url)
  other.say(...look(url, '/events'))
  expect(await other.statuses(1)).toEqual([200])
  expect(other.received).toMatch(/\r\n\r\n\[\]$/)
})

test('an answer that fails ends the connection, and nothing else', async () => {
  const server = createServer()
  const connections = new Connections(server, () => Promise.reject(new Error('it is broken')))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  using connection = await RawConnection.to(url)
  connection.say(...look(url, '/'))
  await connection.end()
  expect(connection.received).toBe('')
  await connections.close(0)
})

test('a client that leaves in the middle of a body is no error of the node', async () => {
  const errors: unknown[] = []
  await using server = await start({ onError: (error) => errors.push(error) })
  const connection = await RawConnection.to(server.url)
  const lines = work(server.url, 10).with(2, 'content-length: 9')
  connection.say(...look(server.url, '/healthz'), ...lines)
  await connection.statuses(1)
  connection[Symbol.dispose]()
  await until(() => connection.closed, { description: 'the client is gone' })
  await server.close()
  expect(errors).toEqual([])
})
