import { open, view } from 'aether'
import { serve } from 'aether/http'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import { Account } from '../projections/bank.ts'
import { backendKinds } from '../support/backend-kinds.ts'
import { type RawReply, send } from '../support/http-client.ts'
import { until } from '../support/until.ts'

/** While it is true, {@link Slow} takes nothing. */
let isPoisoned = false

const Slow = view({
  name: 'slow',
  actors: [Account],
  state: { deposits: 0 },
  retries: 0,
  on: {
    Deposited: ({ deposits }, { key }) => {
      if (isPoisoned && key === 'eve') throw new Error('eve is poison')
      return { deposits: deposits + 1 }
    },
  },
})

async function start(reachTimeoutMs = 30_000, backend = memory()) {
  isPoisoned = false
  const node = await open({ backend, actors: [Account], projections: [Slow] })
  const server = await serve(node, { port: 0, reachTimeoutMs })
  const get = (target: string) => send(server.url, 'GET', target)
  const post = (target: string, body?: object) =>
    send(server.url, 'POST', target, body ? { body: JSON.stringify(body) } : {})
  return {
    node,
    server,
    get,
    post,
    /** The position at which somebody deposited something over HTTP. */
    async deposit(key: string): Promise<number> {
      const { status, json } = await post(`/actors/account/${key}/deposit`, { amount: 1 })
      expect(status).toBe(200)
      return (json as { position: number }).position
    },
    async pause(): Promise<void> {
      await post('/projections/slow/pause')
      await until(async () => (await node.projection(Slow).status()).state === 'paused', {
        description: 'it is paused',
      })
    },
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

function codeOf({ status, json }: RawReply): readonly [number, string | undefined] {
  return [status, (json as { code?: string }).code]
}

test('who names the position of a command reads what it did', async () => {
  await using gateway = await start()
  for (let n = 1; n <= 20; n++) {
    const position = await gateway.deposit('alice')
    const page = await gateway.get(`/views/slow?reached=${position}`)
    expect([page.status, page.json]).toEqual([200, [{ key: 'alice', state: { deposits: n } }]])
  }
})

test('a view that is behind is waited for', async () => {
  await using gateway = await start()
  await gateway.deposit('alice')
  await gateway.pause()
  const position = await gateway.deposit('alice')
  let isAnswered = false
  const asked = gateway.get(`/views/slow/alice?reached=${position}`).finally(() => {
    isAnswered = true
  })
  expect((await gateway.get('/views/slow/alice')).json).toMatchObject({ state: { deposits: 1 } })
  expect(isAnswered).toBe(false)
  await gateway.post('/projections/slow/resume')
  expect((await asked).json).toEqual({ key: 'alice', state: { deposits: 2 } })
})

test('one that does not get there in time is told, with when to come back', async () => {
  await using gateway = await start(50)
  await gateway.pause()
  const position = await gateway.deposit('alice')
  for (const target of ['/views/slow', '/views/slow/alice']) {
    const reply = await gateway.get(`${target}?reached=${position}`)
    expect(codeOf(reply)).toEqual([503, 'timeout'])
    expect(reply.headers['retry-after']).toBe('1')
    expect(reply.json).toMatchObject({ retryable: true })
  }
})

test('a position of another log is told as one', async () => {
  await using gateway = await start(50)
  await gateway.deposit('alice')
  expect(codeOf(await gateway.get('/views/slow?reached=999'))).toEqual([404, 'unknown-position'])
})

const kinds = backendKinds.filter(({ name }) => !name.includes('three'))

test.each(kinds)(
  'who is held back is not told that what it did can be read, on $name',
  async (kind) => {
    await using source = await kind.start()
    await using gateway = await start(30_000, source.fresh())
    isPoisoned = true
    const [alice, eve, bob] = [
      await gateway.deposit('alice'),
      await gateway.deposit('eve'),
      await gateway.deposit('bob'),
    ]
    const read = async (key: string, position: number) =>
      gateway.get(`/views/slow/${key}?reached=${position}`)
    expect((await read('alice', alice)).status).toBe(200)
    // Somebody else is held back before it.
    expect((await read('bob', bob)).status).toBe(200)
    const refused = await read('eve', eve)
    expect(codeOf(refused)).toEqual([503, 'held-back'])
    expect(refused.body).toContain('account-eve')
    isPoisoned = false
    await gateway.post('/projections/slow/parked/retry')
    await until(async () => (await read('eve', eve)).status === 200, {
      description: 'eve is held back no more',
    })
  },
)

test('who waits for a view is told when the gateway closes', async () => {
  await using gateway = await start()
  await gateway.pause()
  const position = await gateway.deposit('alice')
  const asked = gateway.get(`/views/slow?reached=${position}`)
  // It was taken before this one was answered.
  await gateway.get('/healthz')
  await gateway.server.close()
  expect(codeOf(await asked)).toEqual([503, 'closed'])
})

test.each(['-1', 'now', '1.5', ''])('%j is no position', async (position) => {
  await using gateway = await start()
  const reply = await gateway.get(`/views/slow?reached=${position}`)
  expect(codeOf(reply)).toEqual([400, 'invalid-argument'])
})

test.each([-1, 1.5, Number.NaN])('a reachTimeoutMs of %d is none', async (reachTimeoutMs) => {
  await using node = await open({ backend: memory(), actors: [Account] })
  await expect(serve(node, { port: 0, reachTimeoutMs })).rejects.toThrow('reachTimeoutMs')
})
