import { open, view } from 'aether'
import { serve } from 'aether/http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Order, ReserveStock, Stock } from '../policies/shop.ts'
import { type BackendSource, backendKinds } from '../support/backend-kinds.ts'
import { send } from '../support/http-client.ts'
import { until } from '../support/until.ts'
import { SpanRecorder } from './span-recorder.ts'

const Orders = view({
  name: 'orders',
  actors: [Order],
  state: { lines: 0 },
  on: { Placed: (_order, { data }) => ({ lines: data.lines.length }) },
})

const Levels = view({
  name: 'levels',
  actors: [Stock],
  state: { reserved: 0 },
  on: { Reserved: ({ reserved }, { data }) => ({ reserved: reserved + data.count }) },
})

const wholeTree = `
POST /actors/{type}/{key}/{name} (server)
  order.place (internal)
    append (client)
    process orders (consumer)
    process reserve-stock (consumer)
      stock.reserve (internal)
        append (client)
        process levels (consumer)
`.trim()

const kinds = backendKinds.filter(({ name }) => !name.includes('three'))

describe.for(kinds)('on $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('one order is one tree: from the request on one node to the read models of another', async () => {
    using recorder = new SpanRecorder()
    const backend = source.fresh()
    await using other = await open({
      backend,
      actors: [Order, Stock],
      projections: [Orders, Levels],
      policies: [ReserveStock],
    })
    await using node = await open({ backend, actors: [Order] })
    await using server = await serve(node, { port: 0 })
    const body = JSON.stringify({ lines: [{ product: 'lamp', count: 2 }] })
    const reply = await send(server.url, 'POST', '/actors/order/o1/place', { body })
    expect(reply.status).toBe(200)
    const reserved = async (): Promise<boolean> =>
      (await other.view(Levels).get('lamp'))?.reserved === 2 &&
      (await other.view(Orders).get('o1'))?.lines === 1
    await until(reserved, { description: 'the order got through' })
    const isTold = (): boolean => recorder.tree() === wholeTree
    await until(isTold, { description: 'all spans have ended' }).catch(() => {})
    expect(recorder.tree()).toBe(wholeTree)
    expect(new Set(recorder.spans.map((span) => span.spanContext().traceId)).size).toBe(1)
  })
})
