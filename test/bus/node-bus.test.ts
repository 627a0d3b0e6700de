import { expect, test } from 'vitest'
import { memory } from '../../src/backends/memory/index.ts'
import type { EventStored } from '../../src/bus/index.ts'
import { open } from '../../src/node/index.ts'
import { type Backend, type EventStore, openEventBus } from '../../src/index.ts'
import { testNode } from '../../src/testing/index.ts'
import { Counter } from '../actors/counter.ts'

test('what a command stored is told of before its caller is answered', async () => {
  await using node = await open({ backend: memory(), actors: [Counter] })
  const heard: EventStored[] = []
  node.bus.subscribe({ stored: true, actorTypes: ['counter'], eventTypes: ['Added'] }, (notice) => {
    heard.push(notice)
  })
  const { version } = await node.get(Counter, 'a').addTwice({ by: 2 })
  expect(heard.map((notice) => notice.version)).toEqual([1, 2])
  expect(heard.at(-1)).toMatchObject({ actorId: 'counter-a', type: 'Added', version })
})

test('a subscriber that throws does the command no harm', async () => {
  await using test = await testNode({ actors: [Counter] })
  const { node, log } = test
  node.bus.subscribe({ stored: true }, () => {
    throw new Error('no')
  })
  await node.get(Counter, 'a').add({ by: 1 })
  expect(log.messages).toEqual(['a subscriber of the bus failed: it stays subscribed'])
  expect((await node.state(node.get(Counter, 'a'))).state).toMatchObject({ total: 1 })
})

test('a subscriber may send commands', async () => {
  await using node = await open({ backend: memory(), actors: [Counter] })
  const done = Promise.withResolvers<number>()
  node.bus.subscribe({ stored: true, key: 'a' }, async () => {
    done.resolve((await node.get(Counter, 'b').add({ by: 1 })).version)
  })
  await node.get(Counter, 'a').add({ by: 1 })
  expect(await done.promise).toBe(1)
})

test('messages have the time and the ids of the node', async () => {
  await using test = await testNode({ actors: [Counter] })
  const { bus } = test.node
  const [one, two] = [1, 2].map(() => bus.publish({ namespace: 'n', type: 'A' }))
  expect(one).toMatchObject({ id: 'e-2-1', time: new Date(test.clock.now()).toISOString() })
  expect(two).toMatchObject({ id: 'e-2-2' })
})

test('closing the node ends its subscriptions, behind the last command', async () => {
  const node = await open({ backend: memory(), actors: [Counter] })
  const heard: string[] = []
  const subscription = node.bus.subscribe({ stored: true }, ({ type }) => void heard.push(type))
  const adding = node.get(Counter, 'a').add({ by: 1 })
  await node.close()
  await adding
  expect(heard).toEqual(['Added'])
  expect((await subscription.ended)?.code).toBe('closed')
})

test('the store is asked for nothing while nobody wants to know what is stored', async () => {
  const { backend, counts } = counting(memory())
  const store = await backend.openStore()
  const bus = openEventBus(store)
  bus.subscribe('>', () => {})
  expect(counts).toEqual({ added: 0, removed: 0 })
  const one = bus.subscribe({ stored: true }, () => {})
  const two = bus.subscribe({ stored: true }, () => {})
  expect(counts).toEqual({ added: 1, removed: 0 })
  one.unsubscribe()
  expect(counts.removed).toBe(0)
  two.unsubscribe()
  expect(counts).toEqual({ added: 1, removed: 1 })
  bus.subscribe({ stored: true }, () => {})
  await bus.close()
  expect(counts).toEqual({ added: 2, removed: 2 })
  await store.close()
})

/** A backend whose stores count who listens to them. */
function counting(backend: Backend): {
  backend: Backend
  counts: { added: number; removed: number }
} {
  const counts = { added: 0, removed: 0 }
  const openStore = async (): Promise<EventStore> => {
    const store = await backend.openStore()
    const onStored = store.onStored.bind(store)
    store.onStored = (listener) => {
      counts.added++
      const registration = onStored(listener)
      return {
        [Symbol.dispose]: () => {
          counts.removed++
          registration[Symbol.dispose]()
        },
      }
    }
    return store
  }
  return { backend: { ...backend, openStore }, counts }
}
