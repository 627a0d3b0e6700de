import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Node, open } from 'aether'
import { createFetchHandler, type GatewayOptions, serve } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { send } from '../support/http-client.ts'
import { until } from '../support/until.ts'
import { EventSource } from './event-source.ts'
import { RawConnection } from './raw-connection.ts'
import { Thing } from './thing.ts'
import { watched } from './watched-subscriptions.ts'

describe('hosts of serve', () => {
  test('are names that a proxy passes on, of which pages may ask as well', async () => {
    await using node = await open({ backend: memory(), actors: [Thing] })
    const hosts = ['house.example', 'House.example:8443']
    await using server = await serve(node, { port: 0, hosts })
    const statusFor = async (headers: Record<string, string>): Promise<number> =>
      (await send(server.url, 'GET', '/events', { headers })).status
    expect(await statusFor({})).toBe(200)
    expect(await statusFor({ host: 'house.example' })).toBe(200)
    expect(await statusFor({ host: 'house.example:8443' })).toBe(200)
    const origin = 'https://house.example'
    expect(await statusFor({ host: 'house.example', origin })).toBe(200)
    expect(await statusFor({ host: 'house.example:1' })).toBe(403)
    expect(await statusFor({ host: 'evil.example' })).toBe(403)
    expect(await statusFor({ host: 'house.example', origin: 'http://evil.example' })).toBe(403)
  })

  test.each([
    ...['https://house.example', '', 'a b', 'house.example/x', 'me@house.example'],
    ...['häuser.example', 'house.example:', 'house%2eexample', '127.1'],
  ])('are no %j', async (name) => {
    await using node = await open({ backend: memory(), actors: [Thing] })
    await expect(serve(node, { port: 0, hosts: [name] })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('house.example:8443') as string,
    })
  })

  test.each(['*', '*.house.example', '.house.example'])('are no patterns: %j', async (name) => {
    await using node = await open({ backend: memory(), actors: [Thing] })
    await expect(serve(node, { port: 0, hosts: [name] })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('no patterns') as string,
    })
  })

  test.each(['house.example:443', 'house.example:80', '[::1]:4040', 'a_b'])(
    'are %j where a client sends that',
    async (host) => {
      await using node = await open({ backend: memory(), actors: [Thing] })
      await using server = await serve(node, { port: 0, hosts: [host] })
      expect((await send(server.url, 'GET', '/events', { headers: { host } })).status).toBe(200)
    },
  )
})

/** As docs/http.md has it. */
function serverAround(node: Node<typeof Thing>, options: GatewayOptions = {}): Server {
  const handle = createFetchHandler(node, options)

  async function answer(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const who = incoming.headers.authorization
    if (!who) return void outgoing.writeHead(403).end()
    const gone = new AbortController()
    outgoing.once('close', () => gone.abort())
    const headers = new Headers(incoming.headers as Record<string, string>)
    const key = headers.get('idempotency-key')
    if (key) headers.set('idempotency-key', `${who}:${key}`)
    const { method = 'GET', url = '/' } = incoming
    const body = /^(GET|HEAD)$/.test(method) ? null : Readable.toWeb(incoming)
    const init = { method, headers, body, duplex: 'half', signal: gone.signal } as RequestInit
    const reply = await handle(new Request(`http://localhost${url}`, init))
    outgoing.writeHead(reply.status, Object.fromEntries(reply.headers))
    if (reply.body) await pipeline(Readable.fromWeb(reply.body), outgoing)
    else outgoing.end()
  }

  return createServer((incoming, outgoing) => {
    // A client that left, or a request that is none.
    answer(incoming, outgoing).catch(() => outgoing.destroy())
  })
}

test('the server of the documentation tells callers apart, streams, and ends what was left', async () => {
  const seen = { open: 0, given: 0 }
  await using node = await open({ backend: watched(memory(), seen), actors: [Thing] })
  await using server = serverAround(node)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const keep = async (authorization: string): Promise<number | undefined> => {
    const headers = { authorization, 'idempotency-key': 'k1' }
    const reply = await send(url, 'POST', '/actors/thing/a/keep', { body: '1', headers })
    return (reply.json as { version?: number }).version
  }
  expect((await send(url, 'GET', '/events')).status).toBe(403)
  expect([await keep('alice'), await keep('alice'), await keep('bob')]).toEqual([1, 1, 2])

  const stream = await EventSource.open(url, '/events/stream', { authorization: 'alice' })
  expect(await stream.has(2)).toEqual([1, 1])
  expect(seen.open).toBe(1)
  stream[Symbol.dispose]()
  await until(() => seen.open === 0, { description: 'the stream has ended' })
  server.closeAllConnections()
})

test('behind it, a client that leaves in the middle of a body is no error of the node', async () => {
  const told: unknown[] = []
  await using node = await open({ backend: memory(), actors: [Thing] })
  await using server = serverAround(node, { onError: (error) => told.push(error) })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let left = 0
  server.on('request', (request) => request.once('close', () => left++))
  for (let n = 0; n < 5; n++) {
    const connection = await RawConnection.to(url)
    const lines = ['POST /actors/thing/a/keep HTTP/1.1', 'host: x', 'authorization: alice']
    connection.say(...lines, 'content-length: 9', '', '12')
    await once(server, 'request')
    connection[Symbol.dispose]()
  }
  await until(() => left === 5, { description: 'all have left' })
  // What was under way behind it has come to its end.
  expect((await send(url, 'GET', '/events', { headers: { authorization: 'alice' } })).body).toBe(
    '[]',
  )
  expect(told).toEqual([])
})

test('behind it, a body that is too large is refused', async () => {
  await using node = await open({ backend: memory(), actors: [Thing] })
  await using server = serverAround(node)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const body = Buffer.alloc(2 * 1_048_576, ' ')
  const headers = { authorization: 'alice', 'transfer-encoding': 'chunked' }
  const reply = await send(url, 'POST', '/actors/thing/a/keep', { body, headers })
  expect(reply.status).toBe(413)
})
