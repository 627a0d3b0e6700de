import assert from 'node:assert/strict'
import type { ActorId, StoredEvent } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { succeeded } from './append-cases.ts'
import { collect, type EventStoreSubject, eventually, happened } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

/** What a listener hears of what is stored. */
export const storedCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a listener hears of each append, commit and save once, before it is answered',
    async run({ open }) {
      await using store = await open()
      const heard = listenTo(store)
      await store.append(alice, [happened('A'), happened('B')], { expectedVersion: 0 })
      assert.equal(heard.length, 1)
      await store.commit([
        { actorId: bob, events: [happened('C')], expectedVersion: 0 },
        { actorId: alice, events: [{ id: 'd', ...happened('D') }], expectedVersion: 'any' },
      ])
      assert.equal(heard.length, 2)
      await store.save(bob, { version: 5, type: 'E', data: {} })
      assert.deepEqual(
        heard.map((events) => events.map(({ actorId, type }) => [actorId, type])),
        [
          [
            [alice, 'A'],
            [alice, 'B'],
          ],
          [
            [bob, 'C'],
            [alice, 'D'],
          ],
          [[bob, 'E']],
        ],
      )
      assert.deepEqual(heard.flat(), await collect(store.readAll()))
    },
  },
  {
    name: 'a listener hears nothing of conflicts, repeats, failures and other stores',
    async run({ open }) {
      await using store = await open()
      await using other = await open()
      const heard = listenTo(store)
      const event = { id: 'e', type: 'A', data: 1 }
      await store.append(alice, [event], { expectedVersion: 0 })
      heard.length = 0
      assert.ok((await store.append(alice, [event], { expectedVersion: 0 })).ok)
      assert.ok((await store.append(alice, [event], { expectedVersion: 'any' })).ok)
      assert.ok(!(await store.append(alice, [happened('B')], { expectedVersion: 0 })).ok)
      assert.ok(!(await store.save(alice, { version: 1, type: 'B', data: {} })).ok)
      await assert.rejects(store.append(alice, [{ ...event, data: 2 }], { expectedVersion: 0 }))
      await assert.rejects(store.append(alice, [], { expectedVersion: 1 }))
      assert.ok((await other.append(alice, [happened('B')], { expectedVersion: 1 })).ok)
      assert.deepEqual(heard, [])
    },
  },
  {
    name: 'a listener hears of the appends to an actor in their order',
    async run({ open }) {
      await using store = await open()
      const heard = listenTo(store)
      const answered: number[] = []
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const result = await store.append(alice, [happened('A')], { expectedVersion: 'any' })
          assert.ok(result.ok)
          assert.ok(heard.some(([event]) => event?.version === result.version))
          answered.push(result.version)
        }),
      )
      const versions = heard.flat().map((event) => event.version)
      assert.deepEqual(
        versions,
        Array.from({ length: 50 }, (_, index) => index + 1),
      )
      assert.deepEqual(versions, answered)
    },
  },
  {
    name: 'a listener that throws is told to the logger, and harms nobody',
    async run({ open }) {
      const told: { fields: object; message: string }[] = []
      const error = (fields: object, message: string): void => void told.push({ fields, message })
      const logger = { debug() {}, info() {}, warn() {}, error }
      await using store = await open({ logger })
      store.onStored(() => {
        throw new Error('no')
      })
      const heard = listenTo(store)
      assert.ok((await store.append(alice, [happened('A')], { expectedVersion: 0 })).ok)
      assert.equal(heard.length, 1)
      assert.equal(told.length, 1)
      assert.deepEqual(
        { ...told[0]?.fields, position: 0 },
        {
          actorIds: [alice],
          position: 0,
          error: 'no',
        },
      )
    },
  },
  {
    name: 'a listener may add and remove listeners: the next call shows it, the removed are silent',
    async run({ open }) {
      await using store = await open()
      const calls: string[] = []
      const first = store.onStored(() => {
        calls.push('first')
        first[Symbol.dispose]()
        second[Symbol.dispose]()
        store.onStored(() => calls.push('added'))
      })
      const second = store.onStored(() => calls.push('second'))
      const same = (): void => void calls.push('same')
      store.onStored(same)
      const twice = store.onStored(same)
      await store.append(alice, [happened('A')], { expectedVersion: 0 })
      assert.deepEqual(calls, ['first', 'same', 'same'])
      twice[Symbol.dispose]()
      twice[Symbol.dispose]()
      await store.append(alice, [happened('B')], { expectedVersion: 1 })
      assert.deepEqual(calls.slice(3), ['same', 'added'])
    },
  },
  {
    name: 'whoever watches and fails keeps nobody from storing, nor others from being woken',
    async run({ open }) {
      const told: string[] = []
      const tell = (_fields: object, message: string): void => void told.push(message)
      const logger = { debug: tell, info: tell, warn: tell, error: tell }
      await using store = await open({ logger })
      const table = await store.table('watched')
      let logWakes = 0
      let tableWakes = 0
      const fail = (): never => {
        throw new Error('it cannot be woken')
      }
      const failLater: () => unknown = () => Promise.resolve().then(fail)
      const watchers = [fail, failLater]
      await using watching = new AsyncDisposableStack()
      for (const wake of [...watchers, () => void logWakes++]) watching.use(await store.watch(wake))
      for (const wake of [...watchers, () => void tableWakes++])
        watching.use(await table.watch(wake))
      succeeded(await store.append(alice, [happened('A')], { expectedVersion: 0 }))
      assert.ok(await table.put('a', 'text', undefined))
      await eventually(() => {
        assert.ok(logWakes > 0 && tableWakes > 0)
        for (const what of ['the log', 'the table watched'])
          assert.ok(told.filter((message) => message.includes(what)).length >= 2)
      })
    },
  },
]

function listenTo(store: EventStore): (readonly StoredEvent[])[] {
  const heard: (readonly StoredEvent[])[] = []
  store.onStored((events) => void heard.push(events))
  return heard
}
