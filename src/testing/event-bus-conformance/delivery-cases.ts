import assert from 'node:assert/strict'
import type { ConformanceCase } from '../conformance-case.ts'
import { Logbook } from '../logbook.ts'
import { type EventBusSubject, hear, openPair, settle, typesOf, until } from './subject.ts'

const namespace = 'n'

/** In which order, how often, and what a subscriber may do. */
export const deliveryCases: readonly ConformanceCase<EventBusSubject>[] = [
  {
    name: 'messages come once and in their order, however many patterns match them',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const patterns = ['a.b', 'a.*', 'a.>', '>', 'a.b']
      const heard = patterns.map((pattern) => hear(there.bus, pattern))
      const own = hear(here.bus, 'a.b')
      await settle(here, there)
      const types = Array.from({ length: 500 }, (_, index) => `T${index}`)
      for (const type of types) here.bus.publish({ namespace: 'a.b', type })
      here.bus.publish({ namespace: 'z', type: 'last' })
      await until(() => heard[3]?.length === types.length + 1, 'the last one comes')
      assert.deepEqual(typesOf(heard[3] ?? []), [...types, 'last'])
      for (const index of [0, 1, 2, 4]) assert.deepEqual(typesOf(heard[index] ?? []), types)
      assert.deepEqual(typesOf(own), types)
    },
  },
  {
    name: 'a subscriber that throws or rejects harms nobody and stays',
    async run(subject) {
      const logger = new Logbook()
      await using pair = await openPair(subject, { logger })
      const { here, there } = pair
      const throwing = there.bus.subscribe(namespace, () => {
        throw new Error('no')
      })
      const rejecting = there.bus.subscribe(namespace, async () => {
        throw new Error('never')
      })
      const heard = hear(there.bus, namespace)
      await settle(here, there)
      for (const type of ['A', 'B']) here.bus.publish({ namespace, type })
      await until(() => rejecting.errors === 2, 'it has rejected twice')
      assert.deepEqual(typesOf(heard), ['A', 'B'])
      assert.equal(throwing.errors, 2)
      assert.equal(throwing.received, 2)
      assert.equal(there.bus.counters.errors, 4)
      assert.deepEqual(logger.entries.filter(({ level }) => level === 'error').length, 4)
    },
  },
  {
    name: 'unsubscribing may be done twice, by others, and while a message is handed out',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const calls: string[] = []
      const first = there.bus.subscribe(namespace, ({ type }) => {
        calls.push(`first ${type}`)
        first.unsubscribe()
        first.unsubscribe()
        second[Symbol.dispose]()
        there.bus.subscribe(namespace, (message) => void calls.push(`added ${message.type}`))
      })
      const second = there.bus.subscribe(namespace, () => void calls.push('second'))
      there.bus.subscribe(namespace, ({ type }) => void calls.push(`third ${type}`))
      await settle(here, there)
      here.bus.publish({ namespace, type: 'A' })
      await until(() => calls.includes('third A'), 'the first message comes')
      await settle(here, there)
      here.bus.publish({ namespace, type: 'B' })
      await until(() => calls.includes('added B'), 'the second message comes')
      second.unsubscribe()
      assert.deepEqual(calls, ['first A', 'third A', 'third B', 'added B'])
      assert.equal(await first.ended, undefined)
      assert.equal(there.bus.counters.subscriptions, 2)
    },
  },
  {
    name: 'the next message waits for the handler, and others wait for nobody',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const gates: PromiseWithResolvers<void>[] = []
      const begun: string[] = []
      const slow = there.bus.subscribe(namespace, ({ type }) => {
        begun.push(type)
        const gate = Promise.withResolvers<void>()
        gates.push(gate)
        return gate.promise
      })
      const heard = hear(there.bus, namespace)
      await settle(here, there)
      for (const type of ['A', 'B', 'C']) here.bus.publish({ namespace, type })
      await until(() => heard.length === 3, 'all came')
      assert.deepEqual([begun, slow.waiting], [['A'], 2])
      gates[0]?.resolve()
      await until(() => begun.length === 2, 'the second one is handed over')
      assert.deepEqual([begun, slow.waiting], [['A', 'B'], 1])
      slow.unsubscribe()
      gates[1]?.resolve()
      here.bus.publish({ namespace, type: 'D' })
      await until(() => heard.length === 4, 'one more came')
      assert.deepEqual([begun, slow.waiting], [['A', 'B'], 0])
    },
  },
  {
    name: 'a slow subscriber loses the oldest, and counts them',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const gate = Promise.withResolvers<void>()
      const taken: string[] = []
      const slow = there.bus.subscribe(
        namespace,
        ({ type }) => {
          taken.push(type)
          return gate.promise
        },
        { bufferSize: 3 },
      )
      const heard = hear(there.bus, namespace)
      await settle(here, there)
      for (const type of 'ABCDEFGH') here.bus.publish({ namespace, type })
      await until(() => heard.length === 8, 'all came')
      assert.deepEqual([slow.waiting, slow.dropped], [3, 4])
      gate.resolve()
      await until(() => taken.length === 4, 'what was kept is handed over')
      assert.deepEqual(taken, ['A', 'F', 'G', 'H'])
      assert.deepEqual([slow.received, there.bus.counters.dropped], [4, 4])
    },
  },
  {
    name: "a slow subscriber that would rather fail is ended with 'overloaded'",
    async run(subject) {
      const logger = new Logbook()
      await using pair = await openPair(subject, { logger })
      const { here, there } = pair
      const options = { bufferSize: 2, whenFull: 'fail' } as const
      const slow = there.bus.subscribe(namespace, () => new Promise(() => {}), options)
      const heard = hear(there.bus, namespace)
      await settle(here, there)
      for (const type of 'ABCD') here.bus.publish({ namespace, type })
      const error = await slow.ended
      assert.equal(error?.code, 'overloaded')
      await until(() => heard.length === 4, 'all came')
      assert.deepEqual([slow.waiting, slow.received, slow.dropped], [0, 1, 3])
      assert.equal(there.bus.counters.subscriptions, 1)
      assert.ok(logger.entries.some(({ level }) => level === 'warn'))
    },
  },
  {
    name: 'what a subscriber publishes comes later, behind what is handed out, and lets others live',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const calls: string[] = []
      let depth = 0
      there.bus.subscribe(namespace, ({ type }) => {
        assert.equal(depth++, 0)
        calls.push(`first ${type}`)
        if (type === 'A') for (const answer of 'BC') there.bus.publish({ namespace, type: answer })
        depth--
      })
      there.bus.subscribe(namespace, ({ type }) => void calls.push(`second ${type}`))
      await settle(here, there)
      here.bus.publish({ namespace, type: 'A' })
      await until(() => calls.length === 6, 'all came')
      assert.deepEqual(calls.slice(0, 2), ['first A', 'second A'])
      for (const who of ['first', 'second'])
        assert.deepEqual(
          calls.filter((call) => call.startsWith(who)),
          ['A', 'B', 'C'].map((type) => `${who} ${type}`),
        )
    },
  },
  {
    name: 'a subscriber that answers itself for ever keeps nobody waiting',
    async run(subject) {
      await using opened = await subject.open()
      const { bus } = opened
      let calls = 0
      const at = bus.subscribe('plain', () => {
        calls++
        bus.publish({ namespace: 'plain', type: 'Again' })
      })
      let laterCalls = 0
      const later = bus.subscribe('later', async () => {
        laterCalls++
        await Promise.resolve()
        bus.publish({ namespace: 'later', type: 'Again' })
      })
      bus.publish({ namespace: 'plain', type: 'Again' })
      bus.publish({ namespace: 'later', type: 'Again' })
      await until(() => calls > 200 && laterCalls > 200, 'both were called often')
      at.unsubscribe()
      later.unsubscribe()
      const before = calls + laterCalls
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
      assert.equal(calls + laterCalls, before)
    },
  },
  {
    name: 'what is published while a message is handed out counts against the buffer',
    async run(subject) {
      await using opened = await subject.open()
      const { bus } = opened
      const taken: string[] = []
      const subscription = bus.subscribe(
        namespace,
        ({ type }) => {
          taken.push(type)
          if (type === 'A') for (const next of 'BCDEF') bus.publish({ namespace, type: next })
        },
        { bufferSize: 2 },
      )
      bus.publish({ namespace, type: 'A' })
      bus.publish({ namespace, type: 'G' })
      assert.deepEqual(taken, ['A'])
      await until(() => taken.length === 3, 'the rest comes')
      assert.deepEqual(taken, ['A', 'F', 'G'])
      assert.equal(subscription.dropped, 4)
    },
  },
]
