import { AetherError, type Backend, type ErrorCode, open } from 'aether'
import { createFetchHandler, serve } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { send } from '../support/http-client.ts'
import { Thing } from './thing.ts'

interface Gateway extends AsyncDisposable {
  readonly url: string
  get(target: string, headers?: Record<string, string>): ReturnType<typeof send>
  post(
    target: string,
    body?: string | Uint8Array,
    headers?: Record<string, string>,
  ): ReturnType<typeof send>
}

async function start(backend: Backend = memory()): Promise<Gateway> {
  const node = await open({ backend, actors: [Account, Thing] })
  const server = await serve(node, { port: 0 })
  return {
    url: server.url,
    get: (target, headers = {}) => send(server.url, 'GET', target, { headers }),
    post: (target, body = '', headers = {}) => send(server.url, 'POST', target, { body, headers }),
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

/** Its store can be read, but writing fails. */
function lostStore(code: ErrorCode): Backend {
  const backend = memory()
  return {
    ...backend,
    async openStore(options) {
      const append = (): Promise<never> => Promise.reject(new AetherError(code, 'it is lost'))
      return Object.assign(await backend.openStore(options), { append, appendAtOnce: append })
    },
  }
}

const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

describe('commands', () => {
  test('are answered with actor id, version, events and state', async () => {
    await using gateway = await start()
    const reply = await gateway.post('/actors/account/alice/open', '{"owner":"Alice"}')
    expect(reply.status).toBe(200)
    expect(reply.headers).toMatchObject({
      etag: expect.stringMatching(/^"1-/),
      'content-type': 'application/json; charset=utf-8',
    })
    expect(reply.json).toEqual({
      actorId: 'account-alice',
      version: 1,
      position: 1,
      events: [
        {
          id: uuid,
          actorId: 'account-alice',
          type: 'Opened',
          version: 1,
          position: 1,
          time,
          data: { owner: 'Alice' },
          metadata: {},
        },
      ],
      state: { open: true, owner: 'Alice', balance: 0 },
    })
  })

  test('that come again after long are done once where they say when they were sent first', async () => {
    await using gateway = await start()
    const headers = { 'idempotency-key': 'd-1', 'idempotency-first-sent': new Date().toISOString() }
    const deposit = (sent: Record<string, string>): ReturnType<typeof send> =>
      gateway.post('/actors/account/alice/deposit', '{"amount":5}', sent)
    const first = await deposit(headers)
    for (let n = 0; n <= 1_000; n++) await deposit({ 'idempotency-key': `other-${n}` })
    expect((await deposit(headers)).json).toEqual(first.json)
    for (const sent of [
      { ...headers, 'idempotency-first-sent': 'yesterday' },
      { 'idempotency-first-sent': headers['idempotency-first-sent'] },
    ])
      expect(await deposit(sent)).toMatchObject({
        status: 400,
        json: { code: 'invalid-argument', detail: expect.stringContaining('firstSent') },
      })
  })

  test('with an Idempotency-Key are done once, quoted or not', async () => {
    await using gateway = await start()
    const deposit = (key: string): ReturnType<typeof send> =>
      gateway.post('/actors/account/alice/deposit', '{"amount":5}', { 'idempotency-key': key })
    const first = await deposit('d-1')
    expect((await deposit('d-1')).json).toEqual(first.json)
    expect((await deposit('"d-1"')).json).toEqual(first.json)
    expect((await gateway.get('/actors/account/alice')).json).toMatchObject({
      version: 1,
      state: { balance: 5 },
    })
    const reused = await gateway.post('/actors/account/alice/deposit', '{"amount":6}', {
      'idempotency-key': 'd-1',
    })
    expect(reused).toMatchObject({ status: 409, json: { code: 'id-reused' } })
    expect(await deposit('x'.repeat(300))).toMatchObject({
      status: 400,
      json: { code: 'invalid-argument' },
    })
  })

  test('pass a trace on into the events, unless it is malformed', async () => {
    await using gateway = await start()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await gateway.post('/actors/thing/a/keep', '1', { traceparent, tracestate: 'a=b' })
    await gateway.post('/actors/thing/a/keep', '2', { traceparent: 'nonsense', tracestate: 'a=b' })
    expect((await gateway.get('/actors/thing/a/events')).json).toMatchObject([
      { metadata: { traceparent, tracestate: 'a=b' } },
      { metadata: {} },
    ])
  })
})

describe('reads', () => {
  test('give the state now and in the past, with an ETag', async () => {
    await using gateway = await start()
    for (const amount of [1, 2, 3])
      await gateway.post('/actors/account/a/deposit', JSON.stringify({ amount }))
    const now = await gateway.get('/actors/account/a')
    const etag = String(now.headers['etag'])
    expect([now.status, etag]).toEqual([200, expect.stringMatching(/^"3-/)])
    expect(now.json).toEqual({
      actorId: 'account-a',
      version: 3,
      state: { open: false, owner: '', balance: 6 },
    })
    expect((await gateway.get('/actors/account/a?version=2')).json).toMatchObject({
      version: 2,
      state: { balance: 3 },
    })
    expect((await gateway.get('/actors/account/nobody')).json).toMatchObject({
      version: 0,
      state: { balance: 0 },
    })
    expect(await gateway.get('/actors/account/a', { 'if-none-match': etag })).toMatchObject({
      status: 304,
      body: '',
    })
    expect(await gateway.get('/actors/account/a?version=4')).toMatchObject({
      status: 400,
      json: { code: 'invalid-argument' },
    })
  })

  test('give the events of one actor and of all, in pages', async () => {
    await using gateway = await start()
    for (const n of [1, 2, 3, 4, 5])
      await gateway.post(`/actors/thing/${n % 2 ? 'odd' : 'even'}/keep`, `${n}`)
    const values = async (target: string): Promise<unknown[]> =>
      ((await gateway.get(target)).json as { data: { value: unknown } }[]).map(
        (event) => event.data.value,
      )
    expect(await values('/actors/thing/odd/events')).toEqual([1, 3, 5])
    expect(await values('/actors/thing/odd/events?from=2')).toEqual([3, 5])
    expect(await values('/actors/thing/odd/events?from=2&limit=1')).toEqual([3])
    expect(await values('/events')).toEqual([1, 2, 3, 4, 5])
    const page = (await gateway.get('/events?limit=2')).json as { position: number }[]
    expect(await values(`/events?after=${page.at(-1)?.position}&limit=2`)).toEqual([3, 4])
    expect(await values('/events?after=5')).toEqual([])
    expect(await gateway.get('/events?after=6')).toMatchObject({
      status: 404,
      json: { code: 'unknown-position', detail: expect.stringContaining('ends at position 5') },
    })
    for (const target of [
      '/events?after=-1',
      '/events?limit=x',
      '/events?limit=1.5',
      '/actors/thing/odd/events?from=1e3',
    ]) {
      expect(await gateway.get(target)).toMatchObject({
        status: 400,
        json: { code: 'invalid-argument' },
      })
    }
  })

  test('answer healthz, and HEAD like GET without the body', async () => {
    await using gateway = await start()
    expect((await gateway.get('/healthz')).json).toEqual({ status: 'ok' })
    expect(await send(gateway.url, 'HEAD', '/healthz')).toMatchObject({ status: 200, body: '' })
  })
})

describe('errors', () => {
  test('are problem details with the code', async () => {
    await using gateway = await start()
    const reply = await gateway.post('/actors/account/a/withdraw', '{"amount":5}')
    expect(reply.headers['content-type']).toBe('application/problem+json')
    expect(reply.json).toEqual({
      type: 'urn:aether:error:command-rejected',
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'account-a rejected withdraw: insufficient-funds',
      code: 'command-rejected',
      retryable: false,
      actorId: 'account-a',
      actorIds: ['account-a'],
      command: 'withdraw',
      rejection: 'insufficient-funds',
      details: { balance: 0 },
    })
  })

  const bracket = '['.repeat(100_000)
  const tooLong = `"${'x'.repeat(1_048_576)}"`
  test.each<
    [
      label: string,
      status: number,
      code: string,
      method: string,
      target: string,
      body?: string | Uint8Array,
    ]
  >([
    ['a wrong input', 400, 'invalid-input', 'POST', '/actors/account/a/open', '{"owner":1}'],
    ['no input', 400, 'invalid-input', 'POST', '/actors/account/a/open', ''],
    ['half an input', 400, 'invalid-json', 'POST', '/actors/account/a/open', '{"owner":'],
    [
      'a rounded number',
      400,
      'invalid-json',
      'POST',
      '/actors/thing/a/keep',
      '{"n":9007199254740993}',
    ],
    [
      'a prototype',
      400,
      'invalid-json',
      'POST',
      '/actors/thing/a/keep',
      '{"__proto__":{"isAdmin":true}}',
    ],
    ['open brackets', 400, 'invalid-json', 'POST', '/actors/thing/a/keep', bracket],
    [
      'deep brackets',
      413,
      'too-large',
      'POST',
      '/actors/thing/a/keep',
      bracket + bracket.replaceAll('[', ']'),
    ],
    ['a large body', 413, 'too-large', 'POST', '/actors/thing/a/keep', tooLong],
    [
      'a body that is not UTF-8',
      400,
      'invalid-json',
      'POST',
      '/actors/thing/a/keep',
      Buffer.from('22c32822', 'hex'),
    ],
    [
      'a command to an unknown type',
      404,
      'unknown-actor-type',
      'POST',
      '/actors/ghost/a/open',
      '{}',
    ],
    ['the state of an unknown type', 404, 'unknown-actor-type', 'GET', '/actors/ghost/a'],
    ['the events of an unknown type', 404, 'unknown-actor-type', 'GET', '/actors/ghost/a/events'],
    ['an unknown command', 404, 'unknown-command', 'POST', '/actors/account/a/fly', '{}'],
    [
      'a command of the prototype',
      404,
      'unknown-command',
      'POST',
      '/actors/account/a/toString',
      '{}',
    ],
    ['the root', 404, 'unknown-route', 'GET', '/'],
    ['half a path', 404, 'unknown-route', 'GET', '/actors'],
    ['a path upwards', 404, 'unknown-route', 'GET', '/..%2f..%2fetc/passwd'],
    ['a longer path', 404, 'unknown-route', 'POST', '/actors/account/a/open/more', '{}'],
    ['reading a command', 405, 'method-not-allowed', 'GET', '/actors/account/a/open'],
    ['deleting an actor', 405, 'method-not-allowed', 'DELETE', '/actors/account/a'],
    ['writing to the log', 405, 'method-not-allowed', 'POST', '/events', '{}'],
    ['a key that is not UTF-8', 400, 'invalid-argument', 'GET', '/actors/account/%ff'],
    ['a surrogate as key', 400, 'invalid-argument', 'GET', '/actors/account/%ED%A0%80'],
    [
      'a key that is too long',
      400,
      'invalid-actor-id',
      'GET',
      `/actors/account/${'x'.repeat(201)}`,
    ],
    ['an empty key', 400, 'invalid-actor-id', 'GET', '/actors/account/'],
    ['a decision that throws', 500, 'actor-failed', 'POST', '/actors/thing/a/fail'],
  ])('%s is %d %s', async (_label, status, code, method, target, body) => {
    await using gateway = await start()
    const reply = await send(gateway.url, method, target, body === undefined ? {} : { body })
    expect(reply).toMatchObject({ status, json: { status, code } })
    expect((await gateway.get('/events')).json).toEqual([])
  })

  test('of the validator are listed', async () => {
    await using gateway = await start()
    const { json } = await gateway.post('/actors/account/a/deposit', '{"amount":-1}')
    expect(json).toMatchObject({
      issues: [{ path: 'amount', message: expect.stringContaining('>0') }],
    })
  })

  test('of a lost store are 503 and say when to come again', async () => {
    await using gateway = await start(lostStore('store-unavailable'))
    const reply = await gateway.post('/actors/thing/a/keep', '1')
    expect(reply).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      json: { code: 'store-unavailable', retryable: true },
    })
  })

  test('whose outcome is unknown may be repeated with an Idempotency-Key, and not without one', async () => {
    await using gateway = await start(lostStore('outcome-unknown'))
    const path = '/actors/account/a/open'
    const named = await gateway.post(path, '{"owner":"A"}', { 'idempotency-key': 'open-a' })
    expect(named.status).toBe(503)
    expect(named.json).toMatchObject({ code: 'outcome-unknown', retryable: true })
    expect(named.headers['retry-after']).toBe('1')
    const unnamed = await gateway.post(path, '{"owner":"A"}')
    expect(unnamed.status).toBe(503)
    expect(unnamed.json).toMatchObject({
      code: 'outcome-unknown',
      retryable: false,
      detail: expect.stringContaining('without an Idempotency-Key'),
    })
    expect(unnamed.headers).not.toHaveProperty('retry-after')
  })

  test('that will not pass do not say when to come again', async () => {
    await using gateway = await start(lostStore('closed'))
    const reply = await gateway.post('/actors/thing/a/keep', '1')
    expect(reply).toMatchObject({ status: 503, json: { code: 'closed', retryable: false } })
    expect(reply.headers).not.toHaveProperty('retry-after')
  })
})

describe('pages elsewhere', () => {
  test.each([
    [{ host: 'evil.example:4040' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
    [{}, 200],
  ])('%j gets %d', async (headers, status) => {
    await using gateway = await start()
    const reply = await gateway.post('/actors/account/a/deposit', '{"amount":1}', headers)
    expect(reply.status).toBe(status)
    expect((await gateway.get('/events')).json).toHaveLength(status === 200 ? 1 : 0)
  })

  test.each([
    ['cross-site', 'image', 403],
    ['cross-site', 'iframe', 403],
    ['same-site', 'empty', 403],
    ['cross-site', 'document', 200],
    ['same-origin', 'empty', 200],
    ['none', 'document', 200],
  ])('that a browser sends from %s for an %s get %d', async (site, destination, status) => {
    await using gateway = await start()
    const headers = { 'sec-fetch-site': site, 'sec-fetch-dest': destination }
    expect((await gateway.get('/events', headers)).status).toBe(status)
  })

  test('may be the gateway itself', async () => {
    await using gateway = await start()
    const { port } = new URL(gateway.url)
    const own = { host: `localhost:${port}`, origin: `http://localhost:${port}` }
    expect((await gateway.get('/events', own)).status).toBe(200)
  })
})

test('a port in use is said in one sentence', async () => {
  await using gateway = await start()
  await using node = await open({ backend: memory(), actors: [Thing] })
  const port = Number(new URL(gateway.url).port)
  await expect(serve(node, { port })).rejects.toThrow(
    `can't listen on 127.0.0.1:${port}: it is in use; choose another port`,
  )
})

test('a closing server finishes the answers under way', async () => {
  await using node = await open({ backend: memory(), actors: [Thing] })
  const server = await serve(node, { port: 0 })
  const replies = Array.from({ length: 20 }, (_, n) =>
    send(server.url, 'POST', `/actors/thing/${n}/keep`, { body: '1' }),
  )
  await Promise.any(replies)
  await Promise.all([server.close(), server.close()])
  for (const reply of await Promise.allSettled(replies)) {
    if (reply.status === 'fulfilled') expect(reply.value.status).toBe(200)
    else
      expect(reply.reason).toMatchObject({ code: expect.stringMatching(/ECONNREFUSED|ECONNRESET/) })
  }
})

test('the fetch handler does the same for a server of your own', async () => {
  await using node = await open({ backend: memory(), actors: [Account, Thing] })
  const handle = createFetchHandler(node)
  const post = (path: string, body: string): Promise<Response> =>
    handle(new Request(`http://any.example${path}`, { method: 'POST', body }))
  const reply = await post('/actors/account/alice/open', '{"owner":"Alice"}')
  expect([reply.status, await reply.json()]).toMatchObject([200, { version: 1 }])
  expect((await post('/actors/thing//keep?key=..', '1')).status).toBe(200)
  expect((await post('/actors/thing/a/keep', `"${'x'.repeat(1_048_576)}"`)).status).toBe(413)
  const state = await handle(new Request('http://any.example/actors/thing/?key=..'))
  expect(await state.json()).toMatchObject({ actorId: 'thing-..', version: 1 })
  const head = await handle(new Request('http://any.example/events', { method: 'HEAD' }))
  expect([head.status, await head.text()]).toEqual([200, ''])
})

describe('queries', () => {
  test('are answered with what they give', async () => {
    await using gateway = await start()
    expect((await gateway.get('/actors/thing/a/last')).json).toBeNull()
    await gateway.post('/actors/thing/a/keep', '7')
    await gateway.post('/actors/thing/a/keep', '{"x":[1]}')
    expect(await gateway.get('/actors/thing/a/last')).toMatchObject({
      status: 200,
      json: { x: [1] },
    })
    expect((await gateway.get('/actors/thing/a/last?version=1')).json).toBe(7)
    const input = encodeURIComponent('{"n":6}')
    const above = await gateway.get(`/actors/thing/a/above?version=1&input=${input}`)
    expect(above.json).toBe(true)
  })

  test('with a wrong input or method are refused', async () => {
    await using gateway = await start()
    const wrong = await gateway.get('/actors/thing/a/above?input=7')
    expect(wrong).toMatchObject({ status: 400, json: { code: 'invalid-input' } })
    const posted = await gateway.post('/actors/thing/a/last', '{}')
    expect(posted).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })
})

test('the reply of a command is part of its answer', async () => {
  await using gateway = await start()
  expect((await gateway.post('/actors/thing/a/count')).json).toMatchObject({ reply: 1 })
  expect((await gateway.post('/actors/thing/a/keep', '1')).json).not.toHaveProperty('reply')
})

test('an actor in quarantine is listed with its reason, and can be resumed', async () => {
  await using gateway = await start()
  for (let i = 0; i < 10; i++) await gateway.post('/actors/thing/a%2Fb/fail')
  const refused = await gateway.post('/actors/thing/a%2Fb/keep', '1')
  expect(refused).toMatchObject({ status: 503, json: { code: 'actor-quarantined' } })
  expect(refused.headers).not.toHaveProperty('retry-after')
  const listed = await gateway.get('/quarantine')
  expect(listed.json).toEqual([
    { actorId: 'thing-a/b', reason: expect.stringContaining('decide is broken'), since: time },
  ])
  const target = '/quarantine/thing/a%2Fb'
  const resumed = await send(gateway.url, 'DELETE', target, {})
  expect(resumed.json).toEqual({ actorId: 'thing-a/b', resumed: true })
  expect((await send(gateway.url, 'DELETE', target, {})).json).toMatchObject({ resumed: false })
  expect((await gateway.post('/actors/thing/a%2Fb/keep', '1')).status).toBe(200)
})

describe('a query', () => {
  test.each([
    ['/events/stream?typ=thing', 'the query knows after, type, key, event here, not "typ"'],
    ['/events/stream?type=thing&event=Kept&from=1', 'not "from"'],
    ['/events?from=1&since=2', 'the query knows after, limit here, not "from", "since"'],
    ['/actors/thing/a?versoin=1', 'the query knows version here, not "versoin"'],
    ['/actors/thing/a?version=1&key=b', 'not "key"'],
    ['/actors/thing/a/events?after=1', 'the query knows from, limit here, not "after"'],
    ['/actors/thing/a/last?from=1', 'the query knows input, version here, not "from"'],
    ['/quarantine?type=thing', 'this takes no query, but "type" was sent'],
    ['/projections?state=failed', 'this takes no query, but "state" was sent'],
  ])('with a name that nothing looks at is refused: %s', async (target, message) => {
    await using gateway = await start()
    expect(await gateway.get(target)).toMatchObject({
      status: 400,
      json: { code: 'invalid-argument', detail: expect.stringContaining(message) },
    })
  })

  test('is not for commands, which stay undone', async () => {
    await using gateway = await start()
    const reply = await gateway.post('/actors/thing//keep?key=a&version=0', '1')
    expect(reply).toMatchObject({
      status: 400,
      json: { detail: 'the query knows key here, not "version"' },
    })
    expect((await gateway.get('/events')).json).toEqual([])
  })

  test('may be empty; a path that is none and a wrong method are told first; probes may add to it', async () => {
    await using gateway = await start()
    const statusOf = async (target: string): Promise<number> => (await gateway.get(target)).status
    expect(await statusOf('/events?')).toBe(200)
    expect(await statusOf('/events?limit=1&')).toBe(200)
    expect(await statusOf('/nothing?typ=1')).toBe(404)
    expect((await gateway.post('/events?typ=1')).status).toBe(405)
    expect(await statusOf('/readyz?verbose')).toBe(200)
  })
})
