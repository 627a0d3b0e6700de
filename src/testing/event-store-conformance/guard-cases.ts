import assert from 'node:assert/strict'
import type { ActorId, StoredEvent } from '../../core/index.ts'
import {
  type Append,
  type Committed,
  type CommitResult,
  type EventStore,
  verifyStore,
} from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { rejects } from './append-cases.ts'
import { collect, type EventStoreSubject, happened, versionsOf } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'
const carol: ActorId = 'account-carol'
const prices: ActorId = 'prices-main'

/** What a commit demands of actors that it doesn't change. */
export const guardCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a commit stores nothing of an actor without events, which is where it was demanded',
    async run({ open }) {
      await using store = await open()
      await store.append(prices, [happened('Set'), happened('Set')], { expectedVersion: 0 })
      const heard: StoredEvent[] = []
      using _ = store.onStored((events) => void heard.push(...events))
      const { appends, position, duplicate } = committed(
        await store.commit([
          guard(prices, 2),
          { actorId: alice, events: [happened('Sent')], expectedVersion: 0 },
          guard(carol, 0),
          { actorId: bob, events: [happened('Received')], expectedVersion: 'any' },
        ]),
      )
      assert.equal(duplicate, false)
      const [ofPrices, ofAlice, ofCarol, ofBob] = appends
      const none = { ok: true, events: [], position, duplicate: false }
      assert.deepEqual(ofPrices, { ...none, version: 2 })
      assert.deepEqual(ofCarol, { ...none, version: 0 })
      const stored = [ofAlice, ofBob].flatMap((append) => append?.events ?? [])
      assert.deepEqual(heard, stored)
      assert.equal(store.knownVersion(prices), 2)
      assert.equal(store.knownVersion(carol), 0)
      assert.deepEqual((await collect(store.readAll())).slice(2), stored)
      assert.deepEqual(await versionsOf(store, prices), [1, 2])
      assert.deepEqual(await versionsOf(store, carol), [])
      assert.equal(stored.at(-1)?.position, position)
      assert.equal(await store.remaining(position), 0)
    },
  },
  {
    name: 'a commit with an actor elsewhere than demanded stores nothing, and names it',
    async run({ open }) {
      await using store = await open()
      await using other = await open()
      await other.append(prices, [happened('Set'), happened('Set')], { expectedVersion: 0 })
      for (const demanded of [0, 1, 3]) {
        const result = await store.commit([sent(0), guard(prices, demanded)])
        const conflict = { actorId: prices, expectedVersion: demanded, currentVersion: 2 }
        assert.deepEqual(result, { ok: false, conflict })
      }
      // Of several that are elsewhere, the first.
      const wrong = await store.commit([sent(1), guard(prices, 1), guard(bob, 4)])
      assert.deepEqual(wrong, {
        ok: false,
        conflict: { actorId: alice, expectedVersion: 1, currentVersion: 0 },
      })
      committed(await store.commit([sent(0), guard(prices, 2)]))
      // What this store remembers of the prices is not believed.
      await other.append(prices, [happened('Set')], { expectedVersion: 2 })
      const late = await store.commit([sent(1), guard(prices, 2)])
      assert.deepEqual(late, {
        ok: false,
        conflict: { actorId: prices, expectedVersion: 2, currentVersion: 3 },
      })
      assert.equal((await collect(store.readAll())).length, 4)
    },
  },
  {
    name: 'an append without events needs a version, and others with events beside it',
    async run({ open }) {
      await using store = await open()
      const anywhere: Append = { actorId: prices, events: [], expectedVersion: 'any' }
      await rejects('invalid-argument', store.commit([guard(prices, 0)]))
      await rejects('invalid-argument', store.commit([guard(prices, 0), guard(bob, 0)]))
      await rejects('invalid-argument', store.commit([sent(0), anywhere]))
      await rejects('invalid-argument', store.commit([sent(0), { actorId: bob, events: [] }]))
      await rejects('invalid-argument', store.commit([sent(0), guard(alice, 0)]))
      await rejects('invalid-argument', store.append(alice, [], { expectedVersion: 0 }))
      await rejects('invalid-argument', store.save(alice, []))
      assert.deepEqual(await collect(store.readAll()), [])
    },
  },
  {
    name: 'a guarded commit again is answered with what was stored, whatever became of whom it guarded',
    async run({ open }) {
      await using store = await open()
      for (const expectedVersion of [0, 'any'] as const) {
        const id = `sent-${expectedVersion}`
        const named: Append[] = [
          guard(prices, expectedVersion === 0 ? 0 : 1),
          { actorId: alice, events: [{ id, type: 'Sent', data: {} }], expectedVersion },
        ]
        const first = committed(await store.commit(named))
        await store.append(prices, [happened('Set')], { expectedVersion: 'any' })
        const again = committed(await store.commit(named))
        assert.equal(again.duplicate, true)
        assert.deepEqual(again.appends[1]?.events, first.appends[1]?.events)
        assert.equal(again.position, first.position)
      }
      const other: Append = { actorId: bob, events: [{ id: 'b', type: 'B', data: 1 }], expectedVersion: 'any' } // prettier-ignore
      const late = await store.commit([other, guard(prices, 1)])
      assert.equal(late.ok, false)
      assert.equal((await collect(store.readAll())).length, 4)
    },
  },
  {
    name: 'guarded commits are read, followed and verified as all others',
    async run({ open }) {
      await using store = await open()
      const stored: StoredEvent[] = []
      for (let n = 0; n < 12; n++) {
        const parts = [guard(prices, 0), sent(n), guard(bob, 0)]
        const { appends } = committed(await store.commit(n % 3 ? parts : [sent(n)]))
        stored.push(...appends.flatMap(({ events }) => events))
      }
      assert.deepEqual(await collect(store.readAll()), stored)
      assert.deepEqual(await collect(store.read(alice, { fromVersion: 4 })), stored.slice(3))
      for (const [index, { position }] of stored.entries()) {
        const after = await collect(store.readAll({ after: position, limit: 3 }))
        assert.deepEqual(after, stored.slice(index + 1, index + 4))
      }
      const newest = await collect(store.read(alice, { direction: 'backwards', limit: 2 }))
      assert.deepEqual(newest, stored.toReversed().slice(0, 2))
      const followed: StoredEvent[] = []
      for await (const event of store.subscribe()) if (followed.push(event) === stored.length) break
      assert.deepEqual(followed, stored)
      assert.deepEqual(await findings(store), [])
    },
  },
  {
    name: 'what a commit guards has not changed at its place in the log, however many write at once',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const stores = [one, two]
      const change = async (store: EventStore): Promise<void> => {
        for (let n = 0; n < 10; n++) {
          const version = await store.latestVersion(prices)
          const price = { actorId: prices, events: [happened('Set')], expectedVersion: version }
          const aside: Append = { actorId: bob, events: [happened('Told')], expectedVersion: 'any' }
          await store.commit(n % 2 ? [price, aside] : [price])
        }
      }
      const pay = async (store: EventStore, key: number): Promise<number> => {
        let paid = 0
        for (let n = 0; n < 15; n++) {
          const seen = await store.latestVersion(prices)
          const events = [happened('Paid', { seen })]
          const payment: Append = { actorId: `payer-${key}`, events, expectedVersion: paid }
          if ((await store.commit([payment, guard(prices, seen)])).ok) paid++
        }
        return paid
      }
      const [paid] = await Promise.all([
        Promise.all([0, 1, 2, 3].map((key) => pay(stores[key % 2] as EventStore, key))),
        Promise.all(stores.map(change)),
      ])
      let current = 0
      let payments = 0
      for (const { type, version, data } of await collect(one.readAll())) {
        if (type === 'Set') current = version
        if (type !== 'Paid') continue
        payments++
        assert.deepEqual(data, { seen: current })
      }
      assert.equal(
        payments,
        paid.reduce((sum, count) => sum + count),
      )
      assert.ok(payments > 0)
      assert.deepEqual(await findings(two), [])
    },
  },
]

/** Only demands a version. */
function guard(actorId: ActorId, expectedVersion: number): Append {
  return { actorId, events: [], expectedVersion }
}

function sent(expectedVersion: number): Append {
  return { actorId: alice, events: [happened('Sent')], expectedVersion }
}

async function findings(store: EventStore): Promise<string[]> {
  const found: string[] = []
  for await (const { message } of verifyStore(store)) found.push(message)
  return found
}

function committed(result: CommitResult): Committed {
  assert.ok(result.ok, `expected a commit to succeed: ${JSON.stringify(result)}`)
  return result
}
