import { SpanStatusCode, trace } from '@opentelemetry/api'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-base'
import { open, traceOf } from 'aether'
import { createFetchHandler } from 'aether/http'
import { memory } from 'aether/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Account } from '../../examples/bank/bank.ts'
import { Thing } from '../http/thing.ts'
import { until } from '../support/until.ts'
import { SpanRecorder } from './span-recorder.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${traceId}-b7ad6b7169203331-01`

let recorder: SpanRecorder
beforeEach(() => {
  recorder = new SpanRecorder()
})
afterEach(() => recorder[Symbol.dispose]())

describe('a command', () => {
  test('over HTTP is one tree, in the trace of the caller', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    const handler = createFetchHandler(node)
    const reply = await handler(
      new Request('http://localhost/actors/account/alice/open', {
        method: 'POST',
        body: '{"owner":"Alice"}',
        headers: { traceparent, tracestate: 'vendor=1', 'idempotency-key': 'o1' },
      }),
    )
    expect(reply.status).toBe(200)
    expect(recorder.tree()).toBe(
      [
        'POST /actors/{type}/{key}/{name} (server)',
        '  account.open (internal)',
        '    append (client)',
      ].join('\n'),
    )
    const request = recorder.only('POST /actors/{type}/{key}/{name}')
    expect(request.parentSpanContext).toMatchObject({ spanId: 'b7ad6b7169203331', isRemote: true })
    expect(request.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/actors/{type}/{key}/{name}',
      'http.response.status_code': 200,
      'url.path': '/actors/account/alice/open',
      'url.scheme': 'http',
    })
    expect(recorder.only('account.open').attributes).toEqual({
      'aether.actor.type': 'account',
      'aether.actor.id': 'account-alice',
      'aether.command': 'open',
      'aether.command.id': 'o1',
      'aether.outcome': 'done',
      'aether.version': 1,
      'aether.events': 1,
    })
    expect(recorder.only('append').attributes).toMatchObject({
      'aether.actor.id': 'account-alice',
      'aether.append.commands': 1,
      'aether.append.events': 1,
      'aether.outcome': 'stored',
      'aether.position': 1,
    })
  })

  test('leaves its own span in its events, and the state of the trace', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    const metadata = { traceparent, tracestate: 'vendor=1', userId: 'ann' }
    const { events } = await node.get(Account, 'alice').open({ owner: 'Alice' }, { metadata })
    const span = recorder.only('account.open').spanContext()
    expect(span.traceId).toBe(traceId)
    expect(events[0]?.metadata).toMatchObject({
      userId: 'ann',
      tracestate: 'vendor=1',
      traceparent: `00-${traceId}-${span.spanId}-01`,
    })
  })

  test('that names no trace begins one', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    const { events } = await node.get(Account, 'alice').open({ owner: 'Alice' })
    const { traceId, spanId } = recorder.only('account.open').spanContext()
    expect(traceOf(events[0]?.metadata ?? {})).toEqual({ traceId, spanId, sampled: true })
  })

  test('belongs to the active span, unless it names another trace', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    await trace.getTracer('test').startActiveSpan('mine', async (span) => {
      const { spanId, traceId: mine } = span.spanContext()
      const ofMine = { traceparent: `00-${mine}-b7ad6b7169203331-01` }
      await node.get(Account, 'a').open({ owner: 'A' })
      await node.get(Account, 'b').open({ owner: 'B' }, { metadata: ofMine })
      await node.get(Account, 'c').open({ owner: 'C' }, { metadata: { traceparent } })
      span.end()
      const parents = recorder.named('account.open').map((each) => each.parentSpanContext?.spanId)
      expect(parents).toEqual([spanId, spanId, 'b7ad6b7169203331'])
    })
  })

  test('that is refused is no error', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    const refused = node.get(Account, 'alice').withdraw({ amount: 5 })
    await expect(refused).rejects.toMatchObject({ code: 'command-rejected' })
    const { attributes, status } = recorder.only('account.withdraw')
    expect(status.code).toBe(SpanStatusCode.UNSET)
    expect(attributes).toMatchObject({
      'aether.outcome': 'rejected',
      'aether.rejection': 'insufficient-funds',
    })
  })

  test('that fails is one, with what was thrown', async () => {
    await using node = await open({ backend: memory(), actors: [Thing] })
    await expect(node.get(Thing, 'a').fail()).rejects.toMatchObject({ code: 'actor-failed' })
    const { attributes, status, events } = recorder.only('thing.fail')
    expect(status.code).toBe(SpanStatusCode.ERROR)
    expect(attributes).toMatchObject({
      'aether.outcome': 'actor-failed',
      'error.type': 'actor-failed',
    })
    expect(events[0]?.name).toBe('exception')
  })

  test('whose input is wrong is shown, and one that nobody knows has no name', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    await expect(node.send('account-a', 'deposit', {})).rejects.toMatchObject({
      code: 'invalid-input',
    })
    await expect(node.send('account-a', 'rob', {})).rejects.toMatchObject({
      code: 'unknown-command',
    })
    expect(recorder.tree()).toBe('account.deposit (internal) !')
  })

  test('that shares an append with others is linked to it', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    const alice = node.get(Account, 'alice')
    await alice.open({ owner: 'Alice' })
    recorder.reset()
    await Promise.all([1, 2, 3].map((amount) => alice.deposit({ amount })))
    const append = recorder.only('append')
    const deposits = recorder.named('account.deposit')
    const { spanId } = append.spanContext()
    expect(append.attributes).toMatchObject({
      'aether.append.commands': 3,
      'aether.append.events': 3,
    })
    expect(append.parentSpanContext?.spanId).toBe(deposits[0]?.spanContext().spanId)
    const linked = deposits.map(({ links }) => links.map(({ context }) => context.spanId))
    expect(linked).toEqual([[], [spanId], [spanId]])
    expect(new Set(deposits.map((span) => span.spanContext().traceId)).size).toBe(3)
  })

  test('told or scheduled belongs to the trace of whoever asked, also on another node', async () => {
    const backend = memory()
    const limits = { deliveries: 0 }
    await using asking = await open({ backend, actors: [Account], limits })
    await trace.getTracer('test').startActiveSpan('mine', async (span) => {
      await asking.tell('account-a', 'open', { owner: 'A' })
      await asking.schedule('account-b', 'open', { owner: 'B' }, { name: 'gift', afterMs: 1 })
      span.end()
    })
    await using delivering = await open({ backend, actors: [Account] })
    const delivered = (): boolean => recorder.named('account.open').length === 2
    await until(delivered, { description: 'both were delivered' })
    const { traceId, spanId } = recorder.only('mine').spanContext()
    for (const { parentSpanContext } of recorder.named('account.open'))
      expect(parentSpanContext).toMatchObject({ traceId, spanId })
    expect(delivering.actorTypes).toEqual(['account'])
  })

  test('that comes again and again begins a trace each time', async () => {
    await using node = await open({ backend: memory(), actors: [Account] })
    await trace.getTracer('test').startActiveSpan('mine', async (span) => {
      const beat = { name: 'gift', afterMs: 1, everyMs: 50 }
      await node.schedule('account-a', 'deposit', { amount: 5 }, beat)
      span.end()
    })
    const twice = (): boolean => recorder.named('account.deposit').length >= 2
    await until(twice, { description: 'it came twice' })
    const traces = [...recorder.named('account.deposit'), recorder.only('mine')].map(
      (span) => span.spanContext().traceId,
    )
    expect(new Set(traces).size).toBe(traces.length)
  })
})

test('a decision over several actors is one span, and one append', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  const [alice, bob] = [node.get(Account, 'alice'), node.get(Account, 'bob')]
  await node.transact([alice, bob], ([a, b]) => [
    a.on.Opened({ owner: 'Alice' }),
    b.on.Opened({ owner: 'Bob' }),
  ])
  expect(recorder.tree()).toBe('transact (internal)\n  append (client)')
  const { spanId } = recorder.only('transact').spanContext()
  for await (const { metadata } of node.events.readAll())
    expect(traceOf(metadata)?.spanId).toBe(spanId)
  await node.transact([alice, bob], () => [], { name: 'compare' })
  const { attributes } = recorder.only('transact compare')
  expect(attributes).toMatchObject({ 'aether.transaction': 'compare', 'aether.events': 0 })
})

test('probes leave no span, and a server with a span of its own no second one', async () => {
  await using node = await open({ backend: memory(), actors: [Account] })
  const handler = createFetchHandler(node)
  for (const path of ['/healthz', '/readyz', '/metrics'])
    expect((await handler(new Request(`http://localhost${path}`))).status).toBe(200)
  expect(recorder.spans).toEqual([])
  await trace.getTracer('test').startActiveSpan('server', async (span) => {
    const body = '{"owner":"Alice"}'
    const url = 'http://localhost/actors/account/alice/open'
    await handler(new Request(url, { method: 'POST', body }))
    span.end()
  })
  expect(recorder.tree()).toBe(
    ['server (internal)', '  account.open (internal)', '    append (client)'].join('\n'),
  )
})

test('what failed in the gateway is an error of it, what the client did wrong is not', async () => {
  await using node = await open({ backend: memory(), actors: [Thing] })
  const handler = createFetchHandler(node)
  const post = async (path: string): Promise<number> =>
    (await handler(new Request(`http://localhost${path}`, { method: 'POST' }))).status
  expect(await post('/actors/thing/a/fail')).toBe(500)
  expect(await post('/actors/nobody/a/fail')).toBe(404)
  expect(await post('/nowhere')).toBe(404)
  const requests = recorder.spans.filter(({ name }) => name.startsWith('POST'))
  expect(requests.map(({ name, status }) => [name, status.code])).toEqual([
    ['POST /actors/{type}/{key}/{name}', SpanStatusCode.ERROR],
    ['POST /actors/{type}/{key}/{name}', SpanStatusCode.UNSET],
    ['POST', SpanStatusCode.UNSET],
  ])
})

describe('an SDK', () => {
  test('without a context manager shows the same tree', async () => {
    recorder[Symbol.dispose]()
    recorder = new SpanRecorder({ withContext: false })
    await using node = await open({ backend: memory(), actors: [Account] })
    const body = '{"owner":"Alice"}'
    const url = 'http://localhost/actors/account/alice/open'
    await createFetchHandler(node)(new Request(url, { method: 'POST', body }))
    expect(recorder.tree().split('\n')).toHaveLength(3)
    expect(recorder.tree()).toContain('\n    append')
  })

  test('that samples nothing still has its trace passed on', async () => {
    recorder[Symbol.dispose]()
    recorder = new SpanRecorder({ root: new AlwaysOffSampler() })
    await using node = await open({ backend: memory(), actors: [Account] })
    const { events } = await node.get(Account, 'alice').open({ owner: 'Alice' })
    expect(recorder.spans).toEqual([])
    expect(traceOf(events[0]?.metadata ?? {})?.sampled).toBe(false)
  })
})
