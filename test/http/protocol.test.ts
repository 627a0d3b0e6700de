import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { actor, open } from 'aether'
import { createFetchHandler, serve } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { send } from '../support/http-client.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { RawConnection } from './raw-connection.ts'
import { Thing } from './thing.ts'

interface Gateway extends AsyncDisposable {
  readonly url: string
  ask(method: string, target: string, headers?: Record<string, string>): ReturnType<typeof send>
  keep(key: string, value: unknown, headers?: Record<string, string>): ReturnType<typeof send>
}

async function start(): Promise<Gateway> {
  const node = await open({ backend: memory(), actors: [Thing] })
  const server = await serve(node, { port: 0 })
  const { url } = server
  return {
    url,
    ask: (method, target, headers = {}) => send(url, method, target, { headers }),
    keep: (key, value, headers = {}) =>
      send(url, 'POST', `/actors/thing/${key}`, { headers, body: JSON.stringify(value) }),
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

describe('options', () => {
  test.each([Number.NaN, -1, 99_999, 1.5])('the port %d is none', async (port) => {
    await using node = await open({ backend: memory(), actors: [Thing] })
    await expect(serve(node, { port })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: `port must be a whole number from 0 to 65535, not ${port}`,
    })
  })

  test.each([Number.NaN, -1, Infinity])(
    'a closeTimeoutMs of %d is none',
    async (closeTimeoutMs) => {
      await using node = await open({ backend: memory(), actors: [Thing] })
      await expect(serve(node, { port: 0, closeTimeoutMs })).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining(String(closeTimeoutMs)) as string,
      })
    },
  )

  test.each(['abc', '', '-1', '4040x', '70000'])(
    'the bank says of the PORT %j that it is none',
    async (PORT) => {
      await using folder = await temporaryFolder()
      const bank = join(import.meta.dirname, '../../examples/bank/main.ts')
      const child = spawn(process.execPath, ['--conditions=aether-source', bank], {
        cwd: folder.path,
        env: { ...process.env, PORT },
      })
      const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
      expect(stderr).toBe(`bank: PORT must be a whole number from 0 to 65535, not "${PORT}"\n`)
      expect(code).toBe(1)
    },
  )
})

test('a page of events has a bounded size, but one event at least', async () => {
  await using gateway = await start()
  const large = 'x'.repeat(1_000_000)
  for (let n = 0; n < 10; n++) await gateway.keep('a/keep', large)
  for (const target of ['/events', '/actors/thing/a/events']) {
    const { json, body } = await gateway.ask('GET', target)
    expect(json).toHaveLength(8)
    expect(body.length).toBeLessThan(8_388_608)
  }
  expect((await gateway.ask('GET', '/actors/thing/a/events?from=9')).json).toHaveLength(2)
})

describe('a key in the query', () => {
  test('is decoded like one in the path', async () => {
    await using gateway = await start()
    await gateway.keep('/keep?key=a+b%2B%20c', 1)
    const reply = await gateway.ask('GET', '/actors/thing/a+b%2B%20c')
    expect(reply.json).toMatchObject({ version: 1, state: { last: 1 } })
  })

  test.each(['%ff', '%', '%E0%A4'])('that is %s is refused', async (key) => {
    await using gateway = await start()
    const reply = await gateway.keep(`/keep?key=${key}`, 1)
    expect(reply).toMatchObject({ status: 400, json: { code: 'invalid-argument' } })
  })
})

describe('a trace', () => {
  const trace = '0af7651916cd43dd8448eb211c80319c'
  const span = 'b7ad6b7169203331'
  const valid = `00-${trace}-${span}-01`
  const metadataOf = async (headers: Record<string, string>): Promise<unknown> => {
    await using gateway = await start()
    const { json } = await gateway.keep('a/keep', 1, headers)
    return (json as { events: { metadata: unknown }[] }).events[0]?.metadata
  }

  test.each([
    `ff-${trace}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `${valid}-and-more`,
    `x${valid}`,
  ])('%s is ignored', async (traceparent) => {
    expect(await metadataOf({ traceparent, tracestate: 'a=b' })).toEqual({})
  })

  test('keeps a tracestate of 512 characters, and drops a longer one', async () => {
    const tracestate = 'a='.padEnd(512, 'b')
    expect(await metadataOf({ traceparent: valid, tracestate })).toEqual({
      traceparent: valid,
      tracestate,
    })
    expect(await metadataOf({ traceparent: valid, tracestate: `${tracestate}b` })).toEqual({
      traceparent: valid,
    })
  })
})

describe('an answer', () => {
  test.each([
    ['DELETE', '/events', 'GET, HEAD'],
    ['POST', '/actors/thing/a', 'GET, HEAD'],
    ['GET', '/actors/thing/a/keep', 'POST'],
    ['PUT', '/actors/thing/a/events', 'GET, HEAD, POST'],
  ])('to %s %s allows %s', async (method, target, allow) => {
    await using gateway = await start()
    const reply = await gateway.ask(method, target)
    expect(reply).toMatchObject({ status: 405, headers: { allow } })
  })

  test('tells its length in bytes', async () => {
    await using gateway = await start()
    await gateway.keep('a/keep', 'ä€😀')
    for (const target of ['/events', '/actors/thing/a', '/nothing', '/healthz']) {
      const { headers, body } = await gateway.ask('GET', target)
      expect(headers).toMatchObject({ 'content-length': String(Buffer.byteLength(body)) })
      expect(headers).not.toHaveProperty('transfer-encoding')
      const head = await gateway.ask('HEAD', target)
      expect(head.headers['content-length']).toBe(headers['content-length'])
    }
  })

  test.each([
    ['"1"', 304],
    ['W/"1"', 304],
    ['"7", W/"1"', 304],
    ['"7","1"', 304],
    ['*', 304],
    ['"7", "2"', 200],
    ['1', 200],
  ])('to If-None-Match: %s is %d', async (tags, status) => {
    await using gateway = await start()
    const { headers } = await gateway.keep('a/keep', 1)
    const etag = String(headers['etag'])
    const reply = await gateway.ask('GET', '/actors/thing/a', {
      'if-none-match': tags.replaceAll('"1"', etag),
    })
    expect(reply).toMatchObject({ status, headers: { etag } })
  })

  test('to the ETag of a state that new code makes otherwise is that state', async () => {
    const backend = memory()
    const thing = (last: unknown) =>
      actor('thing', {
        state: { last: null as unknown },
        events: { Kept: z.object({}) },
        evolve: { Kept: () => ({ last }) },
        commands: { keep: { decide: (_s, _c, on) => on.Kept({}) } },
      })
    const ask = async (last: unknown, headers?: Record<string, string>): Promise<Response> => {
      await using node = await open({ backend, actors: [thing(last)] })
      if (!headers) await node.send('thing-a', 'keep', undefined)
      const request = new Request('http://localhost/actors/thing/a', headers && { headers })
      return await createFetchHandler(node)(request)
    }
    const etag = String((await ask('old')).headers.get('etag'))
    expect((await ask('old', { 'if-none-match': etag })).status).toBe(304)
    const changed = await ask('new', { 'if-none-match': etag })
    expect(await changed.json()).toMatchObject({ version: 1, state: { last: 'new' } })
  })
})

describe('the host', () => {
  test('may be written in capitals', async () => {
    await using gateway = await start()
    const { port } = new URL(gateway.url)
    const reply = await gateway.ask('GET', '/events', { host: `LocalHost:${port}` })
    expect(reply.status).toBe(200)
  })

  test.each([
    ['http://OWN/events?limit=1', 'elsewhere.example', 200],
    ['HTTP://OWN', 'OWN', 404],
    ['http://evil.example/events', 'OWN', 403],
  ])('in the target %s stands in for the header %s: %d', async (target, header, status) => {
    await using gateway = await start()
    const own = new URL(gateway.url).host
    using connection = await RawConnection.to(gateway.url)
    const lines = [`GET ${target} HTTP/1.1`, `host: ${header}`, '', '']
    connection.say(...lines.map((line) => line.replace('OWN', own)))
    expect(await connection.statuses(1)).toEqual([status])
  })
})
