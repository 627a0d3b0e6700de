import assert from 'node:assert/strict'
import type { EventBus, EventStored, StoredFilter } from '../../bus/index.ts'
import type { StoredEvent } from '../../core/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { type EventBusSubject, hear, openPair, settle, typesOf, until } from './subject.ts'

/** What is told of stored events. */
export const storedNoticeCases: readonly ConformanceCase<EventBusSubject>[] = [
  {
    name: 'each stored event is told of once, without its data',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const heard = hearStored(there.bus)
      const own = hearStored(here.bus)
      await settle(here, there)
      const { store } = here
      await store.append('order-1', [event('A'), event('B')], { expectedVersion: 0 })
      await store.commit([
        { actorId: 'stock-ä.*', events: [event('C')], expectedVersion: 0 },
        { actorId: 'order-1', events: [event('D')], expectedVersion: 'any' },
      ])
      await store.save('stock-2', { version: 7, ...event('E') })
      await until(() => heard.length === 5, 'all came')
      const stored = await Array.fromAsync(store.readAll())
      assert.deepEqual(heard.toSorted(byPosition), stored.map(noticeOf))
      assert.deepEqual(own.toSorted(byPosition), stored.map(noticeOf))
    },
  },
  {
    name: 'conflicts, repeats and failures are not told of',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const heard = hearStored(there.bus)
      await settle(here, there)
      const { store } = here
      const first = { id: 'e', ...event('A') }
      await store.append('order-1', [first], { expectedVersion: 0 })
      assert.ok((await store.append('order-1', [first], { expectedVersion: 0 })).ok)
      assert.ok(!(await store.append('order-1', [event('B')], { expectedVersion: 0 })).ok)
      const reused = store.append('order-1', [{ ...first, data: 2 }], { expectedVersion: 0 })
      await assert.rejects(reused, { code: 'id-reused' })
      await store.append('order-1', [event('last')], { expectedVersion: 1 })
      await until(() => heard.length > 1, 'the last one comes')
      assert.deepEqual(typesOf(heard), ['A', 'last'])
    },
  },
  {
    name: 'notices are filtered by event type, actor type and key',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const filters = [
        { eventTypes: ['A'] },
        { actorTypes: ['stock'] },
        { actorTypes: ['stock', 'order'], eventTypes: ['B'] },
        { key: '*2' },
        { actorTypes: ['order'], key: '1' },
        {},
      ]
      const heard = filters.map((filter) => hearStored(there.bus, { stored: true, ...filter }))
      await settle(here, there)
      for (const actorId of ['order-1', 'stock-12', 'order-2'] as const)
        await here.store.append(actorId, [event('A'), event('B')], { expectedVersion: 0 })
      await until(() => heard.at(-1)?.length === 6, 'all came')
      assert.deepEqual(
        heard.map((notices) => notices.map(({ actorId, type }) => `${actorId} ${type}`)),
        [
          ['order-1 A', 'stock-12 A', 'order-2 A'],
          ['stock-12 A', 'stock-12 B'],
          ['order-1 B', 'stock-12 B', 'order-2 B'],
          ['stock-12 A', 'stock-12 B', 'order-2 A', 'order-2 B'],
          ['order-1 A', 'order-1 B'],
          ['order-1 A', 'order-1 B', 'stock-12 A', 'stock-12 B', 'order-2 A', 'order-2 B'],
        ],
      )
    },
  },
  {
    name: 'notices and messages are kept apart, and come in the order of their publisher',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const order: string[] = []
      const messages = hear(there.bus)
      there.bus.subscribe('>', ({ type }) => void order.push(type))
      there.bus.subscribe({ stored: true }, ({ type }) => void order.push(type))
      await settle(here, there)
      await here.store.append('order-1', [event('stored')], { expectedVersion: 0 })
      here.bus.publish({ namespace: 'n', type: 'published' })
      await until(() => order.length === 2, 'both came')
      assert.deepEqual(order, ['stored', 'published'])
      assert.deepEqual(typesOf(messages), ['published'])
    },
  },
  {
    name: 'a loop over notices',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const listener = there.bus.listen({ stored: true, actorTypes: ['order'] })
      await settle(here, there)
      await here.store.append('order-1', [event('A')], { expectedVersion: 0 })
      const { value } = await listener.next()
      assert.equal(value?.version, 1)
      await listener.return?.()
    },
  },
  {
    name: 'where it is turned off, others are not told, and one’s own are',
    async run(subject) {
      await using pair = await openPair(subject, { announceStored: false })
      const { here, there } = pair
      const heard = hearStored(there.bus)
      const own = hearStored(here.bus)
      const messages = hear(there.bus)
      await settle(here, there)
      await here.store.append('order-1', [event('A')], { expectedVersion: 0 })
      assert.equal(own.length, 1)
      here.bus.publish({ namespace: 'n', type: 'last' })
      await until(() => messages.length > 0, 'the last one comes')
      assert.equal(heard.length, subject.isShared ? 0 : 1)
    },
  },
]

function event(type: string): { type: string; data: unknown } {
  return { type, data: { secret: 1 } }
}

function hearStored(bus: EventBus, filter: StoredFilter = { stored: true }): EventStored[] {
  const heard: EventStored[] = []
  bus.subscribe(filter, (notice) => void heard.push(notice))
  return heard
}

function noticeOf({ id, actorId, type, version, position, time }: StoredEvent): EventStored {
  return { id, actorId, type, version, position, time }
}

function byPosition(a: EventStored, b: EventStored): number {
  return a.position - b.position
}
