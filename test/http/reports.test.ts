import { type Backend, open } from 'aether'
import { serve } from 'aether/http'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { describe, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { send } from '../support/http-client.ts'
import { startNatsServer } from '../support/nats.ts'
import { until } from '../support/until.ts'

type Get = (target: string, headers?: Record<string, string>) => ReturnType<typeof send>

async function start(backend: Backend): Promise<AsyncDisposable & { readonly get: Get }> {
  const node = await open({ backend, actors: [Account] })
  const server = await serve(node, { port: 0 })
  return {
    get: (target, headers = {}) => send(server.url, 'GET', target, { headers }),
    async [Symbol.asyncDispose]() {
      await server.close()
      await node.close()
    },
  }
}

describe('/metrics', () => {
  test('tells what was counted, as Prometheus reads it', async () => {
    await using gateway = await start(memory())
    await gateway.get('/actors/account/alice')
    await gateway.get('/nowhere')
    await gateway.get('/events', { host: 'evil.example' })
    await gateway.get('/events', { origin: 'http://evil.example' })
    const reply = await gateway.get('/metrics')
    expect(reply.status).toBe(200)
    expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(reply.body).toContain(
      '# TYPE aether_actors_live gauge\naether_actors_live{actor_type="account"} 0\n',
    )
    const requests = reply.body
      .split('\n')
      .filter((line) => line.includes('request_duration_seconds_count'))
    expect(requests).toEqual([
      'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/actors/{type}/{key}",http_response_status_code="200"} 1',
      'http_server_request_duration_seconds_count{http_request_method="GET",http_route="",http_response_status_code="404"} 1',
      'http_server_request_duration_seconds_count{http_request_method="GET",http_route="/events",http_response_status_code="403"} 2',
    ])
  })

  test('every line is one that the format has', async () => {
    await using gateway = await start(memory())
    await gateway.get('/actors/account/alice')
    const { body } = await gateway.get('/metrics')
    const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`
    const line = new RegExp(
      String.raw`^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{${label}(,${label})*\})? (\d|\+Inf).*)$`,
    )
    expect(body.endsWith('\n')).toBe(true)
    expect(
      body
        .trimEnd()
        .split('\n')
        .filter((each) => !line.test(each)),
    ).toEqual([])
  })

  test('speaks OpenMetrics to whoever accepts it', async () => {
    await using gateway = await start(memory())
    const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3'
    const reply = await gateway.get('/metrics', { accept })
    expect(reply.headers['content-type']).toContain('application/openmetrics-text; version=1.0.0')
    expect(reply.body.endsWith('\n# EOF\n')).toBe(true)
  })
})

describe('/readyz', () => {
  test('is 200 where the store answers', async () => {
    await using gateway = await start(memory())
    const reply = await gateway.get('/readyz')
    expect(reply.status).toBe(200)
    expect(reply.json).toEqual({ ready: true, reasons: [] })
  })

  test('is 503 with the reason where it is gone, and 200 again when it is back', async () => {
    const server = await startNatsServer()
    await using stack = new AsyncDisposableStack()
    stack.defer(() => server.stop())
    const gateway = stack.use(await start(nats({ servers: server.url, durability: 'trust' })))
    expect((await gateway.get('/readyz')).status).toBe(200)
    await server.kill()
    const reply = await gateway.get('/readyz')
    expect(reply.status).toBe(503)
    expect(reply.json).toEqual({
      ready: false,
      reasons: [{ what: 'store', problem: expect.any(String) }],
    })
    expect((await gateway.get('/healthz')).status).toBe(200)
    await server.restart()
    const isReady = async (): Promise<boolean> => (await gateway.get('/readyz')).status === 200
    await until(isReady, { description: 'the store answers again', timeoutMs: 60_000 })
  })
})
