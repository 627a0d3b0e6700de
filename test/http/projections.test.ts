import { open, policy, view } from 'aether'
import { createFetchHandler, serve } from 'aether/http'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { Account, Balances } from '../projections/bank.ts'
import { type RawReply, send } from '../support/http-client.ts'
import { until } from '../support/until.ts'

/** The amounts that {@link Journal} can't take. */
const poison = new Set<number>()

const Journal = view({
  name: 'journal',
  actors: [Account],
  state: { entries: [] as number[] },
  retries: 0,
  on: {
    Deposited: ({ entries }, { data: { amount } }) => {
      if (poison.has(amount)) throw new RangeError(`${amount} is poison`)
      return { entries: [...entries, amount] }
    },
  },
})

const Nothing = policy({ name: 'nothing', actors: [Account], on: { Deposited: () => {} } })

interface Gateway extends AsyncDisposable {
  get(target: string): Promise<RawReply>
  post(target: string, body?: object): Promise<RawReply>
  deposit(key: string, amount: number): Promise<void>
  /** Resolves when the view is so, as it is read over HTTP. */
  shows(key: string, entries: readonly number[]): Promise<unknown>
}

async function start(): Promise<Gateway> {
  const node = await open({
    backend: memory(),
    actors: [Account],
    projections: [Balances, Journal],
    policies: [Nothing],
  })
  const server = await serve(node, { port: 0 })
  const get: Gateway['get'] = (target) => send(server.url, 'GET', target)
  return {
    get,
    post: (target, body) =>
      send(server.url, 'POST', target, body ? { body: JSON.stringify(body) } : {}),
    async deposit(key, amount) {
      const { position } = await node.get(Account, key).deposit({ amount })
      for (const definition of [Balances, Journal, Nothing]) {
        const { state } = await node.projection(definition).status()
        if (state !== 'paused') await node.projection(definition).reached(position)
      }
    },
    shows: (key, entries) =>
      until(
        async () =>
          (await get(`/views/journal/${key}`)).body === JSON.stringify({ key, state: { entries } }),
        { description: `${key} has ${entries.join()}` },
      ),
    async [Symbol.asyncDispose]() {
      poison.clear()
      await server.close()
      await node.close()
    },
  }
}

describe('/projections', () => {
  test('tells how all that read the log are doing, and each of them', async () => {
    await using gateway = await start()
    await gateway.deposit('alice', 5)
    const { status, json } = await gateway.get('/projections')
    expect(status).toBe(200)
    const doing = { state: 'live', position: 1, lag: { events: 0, seconds: 0 }, parked: 0 }
    expect(json).toMatchObject([
      { name: 'balances', kind: 'view', version: 1, build: 1, members: 1, ...doing },
      { name: 'journal', kind: 'view', ...doing },
      { name: 'nothing', kind: 'policy', ...doing },
    ])
    const one = await gateway.get('/projections/nothing')
    expect([one.status, one.json]).toMatchObject([200, { name: 'nothing', ...doing }])
  })

  test('pauses and resumes', async () => {
    await using gateway = await start()
    await gateway.deposit('alice', 5)
    await gateway.shows('alice', [5])
    const paused = await gateway.post('/projections/journal/pause')
    expect([paused.status, paused.json]).toEqual([200, { name: 'journal', paused: true }])
    await until(
      async () => (await gateway.get('/projections/journal')).body.includes('"state":"paused"'),
      { description: 'it is paused' },
    )
    await gateway.deposit('alice', 6)
    expect((await gateway.get('/views/journal/alice')).json).toMatchObject({
      state: { entries: [5] },
    })
    const resumed = await gateway.post('/projections/journal/resume')
    expect(resumed.json).toEqual({ name: 'journal', paused: false })
    await gateway.shows('alice', [5, 6])
  })

  test('rebuilds views, and no policies', async () => {
    await using gateway = await start()
    await gateway.deposit('alice', 5)
    const { status, json } = await gateway.post('/projections/balances/rebuild')
    expect([status, json]).toEqual([200, { name: 'balances', build: 2 }])
    await until(
      async () => (await gateway.get('/projections/balances')).body.includes('"build":2'),
      {
        description: 'the new build is read',
      },
    )
    expect((await gateway.get('/views/balances/alice')).json).toMatchObject({
      state: { balance: 5 },
    })
    const back = await gateway.post('/projections/balances/rebuild', { back: true })
    expect([back.status, back.json]).toEqual([200, { name: 'balances', build: 3 }])
    const unsure = await gateway.post('/projections/balances/rebuild', { back: 'perhaps' })
    expect([unsure.status, unsure.json]).toMatchObject([400, { code: 'invalid-argument' }])
    const refused = await gateway.post('/projections/nothing/rebuild')
    expect([refused.status, refused.json]).toMatchObject([400, { code: 'invalid-argument' }])
  })

  test('shows who is parked and why, and lets them be retried', async () => {
    await using gateway = await start()
    poison.add(6)
    for (const amount of [5, 6, 7]) await gateway.deposit('bob/1', amount)
    expect((await gateway.get('/projections/journal')).json).toMatchObject({ parked: 1 })
    const { status, json } = await gateway.get('/projections/journal/parked')
    expect(status).toBe(200)
    expect(json).toMatchObject([
      {
        actorId: 'account-bob/1',
        state: 'parked',
        type: 'Deposited',
        version: 2,
        position: 2,
        cause: { message: '6 is poison' },
      },
    ])
    poison.clear()
    const path = '/projections/journal/parked/account/bob%2F1/retry'
    const retried = await gateway.post(path)
    expect([retried.status, retried.json]).toEqual([
      200,
      { name: 'journal', actorId: 'account-bob/1', retried: true },
    ])
    await until(async () => (await gateway.get('/projections/journal/parked')).body === '[]', {
      description: 'nobody is parked',
    })
    expect((await gateway.get('/views/journal//?key=bob%2F1')).status).toBe(404)
    expect((await gateway.get('/views/journal/?key=bob%2F1')).json).toEqual({
      key: 'bob/1',
      state: { entries: [5, 6, 7] },
    })
    expect((await gateway.post(path)).json).toMatchObject({ retried: false })
  })

  test('retries all who are held back, and shows where an error was thrown to who asks for it', async () => {
    await using gateway = await start()
    poison.add(6)
    for (const key of ['bob', 'eve', 'joe']) await gateway.deposit(key, 6)
    const parked = '/projections/journal/parked'
    expect((await gateway.get(parked)).body).not.toContain('stack')
    expect((await gateway.get(`${parked}?stack=true`)).body).toContain('"stack":"at ')
    poison.clear()
    const { status, json } = await gateway.post(`${parked}/retry`)
    const { name, retried } = json as { name: string; retried: string[] }
    expect([status, name]).toEqual([200, 'journal'])
    expect(retried.toSorted()).toEqual(['account-bob', 'account-eve', 'account-joe'])
    for (const key of ['bob', 'eve', 'joe']) await gateway.shows(key, [6])
    expect((await gateway.post(`${parked}/retry`)).json).toEqual({ name: 'journal', retried: [] })
    expect((await gateway.get(`${parked}/retry`)).status).toBe(405)
  })

  test('skips an event for a reason, and never without', async () => {
    await using gateway = await start()
    poison.add(6)
    for (const amount of [5, 6, 7]) await gateway.deposit('..', amount)
    const path = '/projections/journal/parked/account//skip?key=..'
    for (const body of [
      undefined,
      {},
      { reason: '' },
      { reason: 7 },
      { reason: 'x'.repeat(301) },
      { reason: 'counted twice', position: 'first' },
    ]) {
      const refused = await gateway.post(path, body)
      expect([refused.status, refused.json]).toMatchObject([400, { code: 'invalid-argument' }])
    }
    expect((await gateway.get('/projections/journal')).json).toMatchObject({ parked: 1 })
    const other = await gateway.post(path, { reason: 'counted twice', position: 3 })
    expect(other.json).toEqual({ name: 'journal', actorId: 'account-..', skipped: false })
    const { status, json } = await gateway.post(path, { reason: 'counted twice', position: 2 })
    expect([status, json]).toEqual([200, { name: 'journal', actorId: 'account-..', skipped: true }])
    await until(async () => (await gateway.get('/views/journal/?key=..')).body.includes('[5,7]'), {
      description: 'it goes on behind the event',
    })
  })
})

test.each([
  ['GET', '/projections/nobody', 404, 'unknown-projection'],
  ['GET', '/projections/nobody/parked', 404, 'unknown-projection'],
  ['POST', '/projections/nobody/pause', 404, 'unknown-projection'],
  ['POST', '/projections/nobody/parked/account/a/retry', 404, 'unknown-projection'],
  ['POST', '/projections/journal/parked/acc%20ount/a/retry', 400, 'invalid-actor-id'],
  ['GET', '/projections/journal/pause', 405, 'method-not-allowed'],
  ['POST', '/projections', 405, 'method-not-allowed'],
  ['POST', '/projections/journal/parked/account/a/forget', 404, 'unknown-route'],
  ['POST', '/projections/journal/stop', 404, 'unknown-route'],
  ['GET', '/views/nobody/a', 404, 'unknown-projection'],
  ['GET', '/views/nothing/a', 404, 'unknown-projection'],
  ['GET', '/views/journal/a', 404, 'unknown-document'],
  ['GET', '/views', 404, 'unknown-route'],
  ['POST', '/views/journal', 405, 'method-not-allowed'],
  ['DELETE', '/views/journal/a', 405, 'method-not-allowed'],
] as const)('%s %s is %i %s', async (method, target, status, code) => {
  const node = await open({
    backend: memory(),
    actors: [Account],
    projections: [Journal],
    policies: [Nothing],
  })
  await using server = await serve(node, { port: 0 })
  const reply = await send(server.url, method, target)
  expect([reply.status, reply.json]).toMatchObject([status, { status, code }])
  await node.close()
})

test.each(['pause', 'rebuild', 'parked/account/alice/retry', 'parked/retry'])(
  'a client that is gone has done nothing by POST …/%s',
  async (step) => {
    poison.add(5)
    await using node = await open({ backend: memory(), actors: [Account], projections: [Journal] })
    const { position } = await node.get(Account, 'alice').deposit({ amount: 5 })
    const handle = node.projection(Journal)
    await handle.reached(position)
    poison.clear()
    const handler = createFetchHandler(node)
    const ask = (init: RequestInit): Promise<Response> =>
      handler(
        new Request(`http://localhost/projections/journal/${step}`, { method: 'POST', ...init }),
      )
    const before = await handle.status()
    await ask({ signal: AbortSignal.abort() })
    expect(await handle.status()).toMatchObject({ ...before, lag: expect.anything() as unknown })
    expect((await ask({})).status).toBe(200)
  },
)
