import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Backend, type Node, open } from 'aether'
import { createFetchHandler, serve, type ServeOptions } from 'aether/http'
import { memory } from 'aether/memory'
import { sqlite } from 'aether/sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { send } from '../support/http-client.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { EventSource } from './event-source.ts'
import { Thing } from './thing.ts'
import { watched } from './watched-subscriptions.ts'

type Shop = Node<typeof Account | typeof Thing>

interface Gateway extends AsyncDisposable {
  readonly url: string
  readonly node: Shop
  keep(key: string, ...values: readonly unknown[]): Promise<void>
  close(): Promise<void>
}

async function start(
  backend: Backend = memory(),
  options: Partial<ServeOptions> = {},
): Promise<Gateway> {
  const node = await open({ backend, actors: [Account, Thing] })
  const server = await serve(node, { port: 0, ...options })
  return {
    url: server.url,
    node,
    async keep(key, ...values) {
      for (const value of values) await node.get(Thing, key).keep(value)
    },
    close: () => server.close(),
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

const wholeNumbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1)

describe.each(backendKinds.slice(0, 3))('a stream of $name', ({ start: startSource }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await startSource()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('gives what is there, then what comes', async () => {
    await using gateway = await start(source.fresh())
    await gateway.keep('a', 1, 2)
    using stream = await EventSource.open(gateway.url, '/events/stream')
    expect(stream).toMatchObject({ status: 200, contentType: 'text/event-stream; charset=utf-8' })
    expect(await stream.has(2)).toEqual([1, 2])
    await gateway.keep('b', 'x\ny\n\nz')
    expect(await stream.has(3)).toEqual([1, 2, 'x\ny\n\nz'])
    expect(stream.events).toEqual(await Array.fromAsync(gateway.node.events.readAll()))
    expect(stream.messages.map(({ id }) => id)).toEqual(
      stream.events.map(({ position }) => String(position)),
    )
  })

  test('that is cut off again and again goes on without gap or repetition', async () => {
    await using gateway = await start(source.fresh())
    const writing = gateway.keep('a', ...wholeNumbers(120))
    const seen: unknown[] = []
    let lastEventId = ''
    while (seen.length < 120) {
      // An address of its own would begin anew.
      using stream = await EventSource.open(gateway.url, '/events/stream?after=0', {
        ...(lastEventId && { 'last-event-id': lastEventId }),
      })
      await stream.has(1)
      seen.push(...stream.values)
      lastEventId = stream.lastEventId
    }
    await writing
    expect(seen).toEqual(wholeNumbers(120))
  })
})

describe('a stream begins', () => {
  test('not where the log has not got to, which is of another log', async () => {
    await using gateway = await start()
    await gateway.keep('a', 1)
    const refused = { status: 404, json: { code: 'unknown-position' } }
    expect(await send(gateway.url, 'GET', '/events/stream?after=2')).toMatchObject(refused)
    const headers = { 'last-event-id': '10240' }
    const resumed = await send(gateway.url, 'GET', '/events/stream?after=0', { headers })
    expect(resumed).toMatchObject(refused)
  })

  test('behind a position, and behind what Last-Event-ID names before that', async () => {
    await using gateway = await start()
    await gateway.keep('a', 1, 2, 3)
    using behind = await EventSource.open(gateway.url, '/events/stream?after=1')
    expect(await behind.has(2)).toEqual([2, 3])
    const headers = { 'last-event-id': '2' }
    using resumed = await EventSource.open(gateway.url, '/events/stream?after=now', headers)
    expect(await resumed.has(1)).toEqual([3])
  })

  test('now: a client that was cut off before the first event misses none', async () => {
    await using gateway = await start()
    await gateway.keep('a', 1)
    const target = '/events/stream?after=now'
    using stream = await EventSource.open(gateway.url, target)
    await until(() => stream.lastEventId !== '', { description: 'it says where it begins' })
    stream[Symbol.dispose]()
    await gateway.keep('a', 2)
    const headers = { 'last-event-id': stream.lastEventId }
    using resumed = await EventSource.open(gateway.url, target, headers)
    await gateway.keep('a', 3)
    expect(await resumed.has(2)).toEqual([2, 3])
    expect(stream.messages).toEqual([])
  })

  test.each(['after=-1', 'after=then', 'type=', 'type=a/b', 'key=', 'event=%ff'])(
    'not with %s',
    async (query) => {
      await using gateway = await start()
      const reply = await send(gateway.url, 'GET', `/events/stream?${query}`)
      expect(reply.status).toBe(400)
      expect(reply.headers['content-type']).toBe('application/problem+json')
    },
  )
})

test.each([
  ['type=thing', ['thing-2026-a', 'thing-2025-b']],
  ['type=thing,account', ['thing-2026-a', 'account-2026-c', 'thing-2025-b', 'account-d']],
  ['type=thing&type=account&key=2026-*', ['thing-2026-a', 'account-2026-c']],
  ['event=Deposited', ['account-d']],
  ['event=Deposited,Opened&event=Other', ['account-2026-c', 'account-d']],
  ['event=Deposited%2COpened', []],
  ['key=d', ['account-d']],
])('a stream of %s gives those alone', async (query, expected) => {
  await using gateway = await start()
  using stream = await EventSource.open(gateway.url, `/events/stream?${query}`)
  await gateway.keep('2026-a', 1)
  await gateway.node.get(Account, '2026-c').open({ owner: 'C' })
  await gateway.keep('2025-b', 1)
  await gateway.node.get(Account, 'd').deposit({ amount: 1 })
  await stream.has(expected.length)
  expect(stream.events.map(({ actorId }) => actorId)).toEqual(expected)
})

test('a silent stream says that it is alive, and gives events all the same', async () => {
  await using gateway = await start(memory(), { heartbeatMs: 5 })
  using stream = await EventSource.open(gateway.url, '/events/stream')
  await until(() => stream.comments >= 3, { description: 'three heartbeats' })
  await gateway.keep('a', 1)
  await stream.has(1)
  const before = stream.comments
  await until(() => stream.comments > before, { description: 'another heartbeat' })
  expect(stream.values).toEqual([1])
})

test.each([0, 1.5, Number.NaN])('a heartbeatMs of %d is none', async (heartbeatMs) => {
  await using node = await open({ backend: memory(), actors: [Thing] })
  expect(() => createFetchHandler(node, { heartbeatMs })).toThrow('heartbeatMs must be a whole')
  await expect(serve(node, { port: 0, heartbeatMs })).rejects.toThrow('heartbeatMs')
})

test('a client that takes nothing holds up the reading, and gets everything later', async () => {
  const seen = { open: 0, given: 0 }
  await using gateway = await start(watched(memory(), seen), { heartbeatMs: 1 })
  const large = 'x'.repeat(256 * 1024)
  const count = 200
  for (let n = 0; n < count; n++) await gateway.keep('a', { n, large })
  using stream = await EventSource.open(gateway.url, '/events/stream')
  stream.pause()
  let last = -1
  await until(
    () => {
      const stands = seen.given > 0 && seen.given === last
      last = seen.given
      return stands
    },
    { description: 'nothing is read any more', intervalMs: 200 },
  )
  expect(seen.given).toBeLessThan(count / 2)
  stream.resume()
  await until(() => stream.messages.length === count, {
    description: 'all came',
  })
  expect(stream.values.map((value) => (value as { n: number }).n)).toEqual(
    wholeNumbers(count).map((n) => n - 1),
  )
})

describe('a stream ends', () => {
  test('when its client leaves, whether it waits, gives or beats', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start(watched(memory(), seen), { heartbeatMs: 1 })
    await gateway.keep('a', ...wholeNumbers(3))
    const streams = await Promise.all(
      wholeNumbers(20).map(() => EventSource.open(gateway.url, '/events/stream')),
    )
    await until(() => seen.open === 20, { description: 'all are open' })
    for (const stream of streams) stream[Symbol.dispose]()
    await until(() => seen.open === 0, { description: 'all have ended' })
  })

  test('when the server closes, at once', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start(watched(memory(), seen), { closeTimeoutMs: 60_000 })
    using stream = await EventSource.open(gateway.url, '/events/stream?after=now')
    await until(() => seen.open === 1, { description: 'it is open' })
    await gateway.close()
    await stream.end()
    expect(seen.open).toBe(0)
  })

  test('when the server closes, also with a client that takes nothing', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start(watched(memory(), seen), { closeTimeoutMs: 600_000 })
    await gateway.keep('a', ...wholeNumbers(40).map(() => 'x'.repeat(500_000)))
    using stream = await EventSource.open(gateway.url, '/events/stream')
    stream.pause()
    await until(() => seen.given > 0, { description: 'it is open' })
    await gateway.close()
    expect(seen.open).toBe(0)
  })

  test('when the node closes, without a word', async () => {
    const told: unknown[] = []
    const gateway = await start(memory(), { onError: (error) => told.push(error) })
    using stream = await EventSource.open(gateway.url, '/events/stream')
    await gateway.node.close()
    await stream.end()
    expect([stream.messages, told]).toEqual([[], []])
    await gateway.close()
  })
})

test('what cannot be read is told with its position, and the stream goes on', async () => {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'malformed.db')
  const told: unknown[] = []
  await using gateway = await start(sqlite(file), { onError: (error) => told.push(error) })
  await gateway.keep('a', 1, 2, 3)
  using db = new DatabaseSync(file)
  db.exec('DROP TRIGGER event_refuses_update')
  db.exec("UPDATE event SET data = 'garbage' WHERE position = 2")
  using stream = await EventSource.open(gateway.url, '/events/stream')
  expect(await stream.has(3)).toEqual([1, 3])
  const { id, event, data = '' } = stream.messages[1] ?? {}
  expect([id, event]).toEqual(['2', 'error'])
  expect(JSON.parse(data)).toMatchObject({
    code: 'malformed-event',
    position: 2,
    actorId: 'thing-a',
  })
  expect(told).toEqual([expect.objectContaining({ code: 'malformed-event' })])
})

test('what ends a stream is told, to the client and to onError', async () => {
  const told: unknown[] = []
  await using gateway = await start(memory(), { onError: (error) => told.push(error) })
  const broken = new TypeError('the store is broken')
  Object.assign(gateway.node.events, {
    subscribe: () => ({
      // oxlint-disable-next-line require-yield
      async *[Symbol.asyncIterator]() {
        throw broken
      },
    }),
  })
  using stream = await EventSource.open(gateway.url, '/events/stream')
  await stream.end()
  expect(stream.messages).toMatchObject([{ event: 'error' }])
  expect(stream.messages[0]).not.toHaveProperty('id')
  expect(stream.messages[0]?.data).not.toContain('the store is broken')
  expect(told).toEqual([broken])
})

describe('as other routes', () => {
  test('it knows HEAD, which opens nothing, and says what is possible', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start(watched(memory(), seen))
    await gateway.keep('a', 1)
    const head = await send(gateway.url, 'HEAD', '/events/stream')
    expect(head).toMatchObject({ status: 200, body: '' })
    expect(head.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    const posted = await send(gateway.url, 'POST', '/events/stream')
    expect(posted).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
    expect(seen).toEqual({ open: 0, given: 0 })
  })

  test('it is closed to pages elsewhere', async () => {
    await using gateway = await start()
    const headers = { origin: 'http://evil.example' }
    expect(await send(gateway.url, 'GET', '/events/stream', { headers })).toMatchObject({
      status: 403,
      json: { code: 'forbidden-origin' },
    })
  })
})

describe('the fetch handler', () => {
  const reader = (response: Response): ReadableStreamDefaultReader<string> =>
    (response.body as ReadableStream<Uint8Array<ArrayBuffer>>)
      .pipeThrough(new TextDecoderStream())
      .getReader()

  test('streams as well, and ends when nobody reads any more', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start(watched(memory(), seen))
    await gateway.keep('a', 1)
    const handle = createFetchHandler(gateway.node, { heartbeatMs: 5 })
    const response = await handle(new Request('http://any.example/events/stream'))
    const body = reader(response)
    const beat = ': still here\n\n'
    // It beats as well where the event takes longer than that.
    const nextButBeats = async (): Promise<string | undefined> => {
      for (;;) {
        const { value } = await body.read()
        if (value !== beat) return value
      }
    }
    expect(await body.read()).toEqual({ done: false, value: 'id: 0\n\n' })
    expect(await nextButBeats()).toMatch(/^id: 1\ndata: \{.*"value":1.*\}\n\n$/)
    expect((await body.read()).value).toBe(beat)
    expect(seen.open).toBe(1)
    // It waits for the next event.
    void body.read()
    await body.cancel()
    await until(() => seen.open === 0, { description: 'it has ended' })
  })

  test('gives each reader bytes of its own, also of a large event', async () => {
    await using gateway = await start()
    const handle = createFetchHandler(gateway.node)
    const target = 'http://any.example/events/stream?after=now'
    const readers: ReadableStreamDefaultReader<Uint8Array>[] = []
    for (let n = 0; n < 2; n++) {
      const { body } = await handle(new Request(target))
      readers.push((body as ReadableStream<Uint8Array>).getReader())
    }
    for (const reading of readers) await reading.read()
    const next = readers.map((reading) => reading.read())
    const large = 'x'.repeat(100_000)
    await gateway.keep('a', large)
    const [first, second] = await Promise.all(next)
    first?.value?.fill(0)
    expect(Buffer.from(second?.value ?? []).toString()).toContain(`{"value":"${large}"}`)
    for (const reading of readers) await reading.cancel()
  })

  test('ends when the request is aborted', async () => {
    const seen = { open: 0, given: 0 }
    await using gateway = await start(watched(memory(), seen))
    const left = new AbortController()
    const handle = createFetchHandler(gateway.node)
    const request = new Request('http://any.example/events/stream', { signal: left.signal })
    const body = reader(await handle(request))
    await body.read()
    const next = body.read()
    await until(() => seen.open === 1, { description: 'it is open' })
    left.abort()
    expect(await next).toEqual({ done: true, value: undefined })
    expect(seen.open).toBe(0)
  })
})
