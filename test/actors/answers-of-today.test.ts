import { actor, event, type EventOf, open, type StoredEvent } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import * as z from 'zod'

const n = z.object({ n: z.number() })

const Old = actor('till', {
  state: 0,
  events: { Put: n, Rang: z.object({}), Counted: n },
  evolve: { Put: (sum, e) => sum + e.n, Rang: (sum) => sum, Counted: (sum) => sum },
  commands: {
    put: { input: n, decide: (_sum, c, on) => [on.Rang({}), on.Put(c), on.Rang({})] },
    count: { input: n, decide: (_sum, c, on) => on.Counted(c) },
    ring: { decide: (_sum, _c, on) => on.Rang({}) },
  },
})

const New = actor('till', {
  state: 0,
  events: {
    Added: event(z.object({ cents: z.number(), coin: z.string().optional() }), {
      formerly: ['Put'],
      upcast: [(first: { n: number }) => ({ cents: first.n * 100, coin: undefined })],
    }),
    Seen: event(n, { formerly: ['Counted'] }),
  },
  retired: ['Rang'],
  evolve: { Added: (sum, e) => sum + e.cents, Seen: (sum) => sum },
  commands: {
    put: {
      input: n,
      decide: (_sum, c, on) => on.Added({ cents: c.n * 100 }),
      reply: (_sum, { events }) => events.map(({ type, data }) => ({ type, data })),
    },
    count: { input: n, decide: (_sum, c, on) => on.Seen(c) },
    ring: { decide: () => [] },
  },
})

const told = (events: readonly EventOf<typeof New>[]): unknown =>
  events.map(({ type, data }) => [type, data])
const added = [['Added', { cents: 500 }]]

/** A backend with what the old definition stored. */
async function storedBefore() {
  const backend = memory()
  await using node = await open({ backend, actors: [Old] })
  const till = node.get(Old, 'a')
  const put = await till.put({ n: 5 }, { commandId: 'put' })
  await till.count({ n: 7 }, { commandId: 'count' })
  const ring = await till.ring(undefined, { commandId: 'ring' })
  const both = [till, node.get(Old, 'b')] as const
  await node.transact(both, ([a, b]) => [a.on.Put({ n: 1 }), b.on.Put({ n: 5 })], {
    commandId: 'swap',
  })
  return { backend, put, ring }
}

test('the events of a repeated command are told in their form of today, those that are retired not at all', async () => {
  const { backend, put, ring } = await storedBefore()
  await using node = await open({ backend, actors: [New] })
  const till = node.get(New, 'a')
  const again = await till.put({ n: 5 }, { commandId: 'put' })
  expect(told(again.events)).toEqual(added)
  const { id, time, metadata } = put.events[1] as StoredEvent
  expect(again.events[0]).toMatchObject({ id, time, version: 2, position: 2 })
  expect(again.events[0]?.metadata).toEqual({ ...metadata, eventVersion: '2' })
  expect(Object.isFrozen(again.events[0]?.data)).toBe(true)
  expect(again.reply).toEqual([{ type: 'Added', data: { cents: 500 } }])
  expect([again.version, again.position]).toEqual([put.version, put.position])
  expect(told((await till.count({ n: 7 }, { commandId: 'count' })).events)).toEqual([
    ['Seen', { n: 7 }],
  ])
  expect(await till.ring(undefined, { commandId: 'ring' })).toMatchObject({
    events: [],
    version: ring.version,
    position: ring.position,
  })
})

test('so are those of an outcome, and of a repeated decision over several actors', async () => {
  const { backend } = await storedBefore()
  await using node = await open({ backend, actors: [New] })
  const [a, b] = [node.get(New, 'a'), node.get(New, 'b')]
  expect(told((await node.outcome(a, 'put'))?.events ?? [])).toEqual(added)
  const [, ofB] = await node.transact([a, b], () => [], { commandId: 'swap' })
  expect(told(ofB.events)).toEqual(added)
})

test('an event that has the form of today is the very one that is stored', async () => {
  await using node = await open({ backend: memory(), actors: [New] })
  const till = node.get(New, 'a')
  const first = await till.put({ n: 5 }, { commandId: 'put' })
  const again = await till.put({ n: 5 }, { commandId: 'put' })
  expect(again).toEqual(first)
  expect(again.events[0]).toBe(first.events[0])
})

test('what the store itself gives, and a history, is what was stored', async () => {
  const { backend } = await storedBefore()
  await using node = await open({ backend, actors: [New] })
  const types: string[] = []
  for await (const { event } of node.history('till-b')) types.push(event.type)
  for await (const { type } of node.events.read('till-b')) types.push(type)
  expect(types).toEqual(['Put', 'Put'])
})
