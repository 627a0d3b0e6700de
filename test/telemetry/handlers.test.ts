import { SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { type Backend, open, silentLogger, systemClock, traceOf, view } from 'aether'
import { serve } from 'aether/http'
import { memory } from 'aether/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Account, Balances } from '../projections/bank.ts'
import { send } from '../support/http-client.ts'
import { until } from '../support/until.ts'
import { SpanRecorder } from './span-recorder.ts'

let recorder: SpanRecorder
beforeEach(() => {
  recorder = new SpanRecorder()
})
afterEach(() => recorder[Symbol.dispose]())

test('what a view makes of an event stands below the command, in one tree with the request', async () => {
  await using node = await open({ backend: memory(), actors: [Account], projections: [Balances] })
  await using server = await serve(node, { port: 0 })
  const reply = await send(server.url, 'POST', '/actors/account/alice/open', {
    body: '{"owner":"A"}',
  })
  expect(reply.status).toBe(200)
  await node.projection(Balances).reached(await node.events.lastPosition())
  expect(recorder.tree()).toBe(
    [
      'POST /actors/{type}/{key}/{name} (server)',
      '  account.open (internal)',
      '    append (client)',
      '    process balances (consumer)',
    ].join('\n'),
  )
  const [stored] = await Array.fromAsync(node.events.readAll())
  const handled = recorder.only('process balances')
  expect(handled.kind).toBe(SpanKind.CONSUMER)
  expect(handled.parentSpanContext?.spanId).toBe(traceOf(stored?.metadata ?? {})?.spanId)
  expect(handled.attributes).toEqual({
    'messaging.system': 'aether',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': 'balances',
    'messaging.message.id': stored?.id,
    'aether.projection.kind': 'view',
    'aether.projection.build': 1,
    'aether.actor.id': 'account-alice',
    'aether.event.type': 'Opened',
    'aether.version': 1,
    'aether.position': stored?.position,
  })
})

test('a handler that fails is an error of its span', async () => {
  const Broken = view({
    name: 'broken',
    actors: [Account],
    state: {},
    retries: 0,
    on: {
      Opened: () => {
        throw new Error('it is broken')
      },
    },
  })
  await using node = await open({
    backend: memory(),
    actors: [Account],
    projections: [Broken],
    logger: silentLogger,
  })
  await node.get(Account, 'alice').open({ owner: 'Alice' })
  const isHandled = (): boolean => recorder.named('process broken').length > 0
  await until(isHandled, { description: 'it was handled' })
  const { status, attributes } = recorder.only('process broken')
  expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'it is broken' })
  expect(attributes).toMatchObject({ 'error.type': 'handler-failed' })
})

describe('who reads the log anew', () => {
  const hour = 3_600_000

  async function spansAfter(backend: Backend, now: number): Promise<number> {
    const clock = { ...systemClock, now: () => now }
    await using node = await open({ backend, actors: [Account], projections: [Balances], clock })
    await node.projection(Balances).reached(await node.events.lastPosition())
    return recorder.named('process balances').length
  }

  test('leaves no spans in traces of long ago', async () => {
    const backend = memory()
    {
      await using node = await open({ backend, actors: [Account] })
      await node.get(Account, 'alice').open({ owner: 'Alice' })
    }
    expect(await spansAfter(backend, Date.now() + 2 * hour)).toBe(0)
  })

  test('leaves them in traces of just now', async () => {
    const backend = memory()
    {
      await using node = await open({ backend, actors: [Account] })
      await node.get(Account, 'alice').open({ owner: 'Alice' })
    }
    expect(await spansAfter(backend, Date.now())).toBe(1)
  })
})
