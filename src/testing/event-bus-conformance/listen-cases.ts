import assert from 'node:assert/strict'
import type { ConformanceCase } from '../conformance-case.ts'
import { type EventBusSubject, hear, openPair, settle, typesOf, until } from './subject.ts'

const namespace = 'n'

/** Reading in a loop, and how subscriptions end. */
export const listenCases: readonly ConformanceCase<EventBusSubject>[] = [
  {
    name: 'a loop gives what came since it was asked for, and ends where it is left',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const listener = there.bus.listen(namespace)
      await settle(here, there)
      for (const type of 'ABC') here.bus.publish({ namespace, type })
      const seen: string[] = []
      for await (const { type } of listener) {
        seen.push(type)
        if (type === 'C') here.bus.publish({ namespace, type: 'D' })
        if (type === 'D') break
      }
      assert.deepEqual(seen, ['A', 'B', 'C', 'D'])
      assert.equal(there.bus.counters.subscriptions, 0)
      assert.equal(await listener.ended, undefined)
      assert.deepEqual(await listener.next(), { done: true, value: undefined })
    },
  },
  {
    name: "a loop throws the signal's reason, also one that was there before",
    async run(subject) {
      await using opened = await subject.open()
      const { bus } = opened
      const reason = new Error('enough')
      const controller = new AbortController()
      const loop = Array.fromAsync(bus.listen(namespace, { signal: controller.signal }))
      const subscription = bus.subscribe(namespace, () => {}, { signal: controller.signal })
      controller.abort(reason)
      await assert.rejects(loop, reason)
      assert.equal(await subscription.ended, undefined)
      assert.equal(bus.counters.subscriptions, 0)
      assert.throws(() => bus.listen(namespace, { signal: controller.signal }), reason)
    },
  },
  {
    name: "a loop that is too slow loses the oldest, or throws 'overloaded'",
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const lossy = there.bus.listen(namespace, { bufferSize: 2 })
      const strict = there.bus.listen(namespace, { bufferSize: 2, whenFull: 'fail' })
      const heard = hear(there.bus, namespace)
      await settle(here, there)
      for (const type of 'ABCDEF') here.bus.publish({ namespace, type })
      await until(() => heard.length === 6, 'all came')
      assert.equal((await strict.ended)?.code, 'overloaded')
      await assert.rejects(strict.next(), { code: 'overloaded' })
      assert.deepEqual(await strict.next(), { done: true, value: undefined })
      assert.equal(lossy.dropped, 3)
      const seen: string[] = []
      for await (const { type } of lossy) {
        seen.push(type)
        if (type === 'F') break
      }
      assert.deepEqual(seen, ['A', 'E', 'F'])
    },
  },
  {
    name: 'closing ends all subscriptions, may be done twice, and nothing goes afterwards',
    async run(subject) {
      await using opened = await subject.open()
      const { bus } = opened
      const heard = hear(bus)
      const subscription = bus.subscribe({ stored: true }, () => {})
      const loop = Array.fromAsync(bus.listen('>'))
      bus.publish({ namespace, type: 'A' })
      const closing = bus.close()
      await assert.rejects(loop, { code: 'closed' })
      await closing
      await bus.close()
      assert.equal((await subscription.ended)?.code, 'closed')
      assert.throws(() => bus.publish({ namespace, type: 'B' }), { code: 'closed' })
      assert.throws(() => bus.subscribe('>', () => {}), { code: 'closed' })
      assert.throws(() => bus.listen('>'), { code: 'closed' })
      await assert.rejects(bus.flush(), { code: 'closed' })
      assert.deepEqual(typesOf(heard), ['A'])
      assert.equal(bus.counters.subscriptions, 0)
    },
  },
  {
    name: 'over a store that was closed nobody subscribes to what it stores, and publishing harms nobody',
    async run(subject) {
      await using opened = await subject.open()
      const { bus, store } = opened
      const heard = hear(bus)
      await store.close()
      assert.throws(() => bus.subscribe({ stored: true }, () => {}), { code: 'closed' })
      assert.equal(bus.counters.subscriptions, 1)
      bus.publish({ namespace, type: 'A' })
      assert.deepEqual(typesOf(heard), ['A'])
    },
  },
  {
    name: 'the counters say what was published, received, dropped, and who listens',
    async run(subject) {
      await using opened = await subject.open()
      const { bus } = opened
      const zero = { published: 0, received: 0, subscriptions: 0, errors: 0, dropped: 0 }
      assert.deepEqual(bus.counters, { ...zero, interruptions: 0 })
      hear(bus, 'a')
      hear(bus, '>')
      bus.subscribe('a', () => new Promise(() => {}), { bufferSize: 1 })
      for (const name of ['a', 'b', 'a', 'a']) bus.publish({ namespace: name, type: 'A' })
      assert.deepEqual(bus.counters, {
        ...zero,
        published: 4,
        received: 3 + 4 + 1,
        subscriptions: 3,
        dropped: 1,
        interruptions: 0,
      })
    },
  },
]
