import assert from 'node:assert/strict'
import type { ActorId, StoredEvent } from '../../core/index.ts'
import type { EventStore, SubscribeOptions, Subscription } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { rejects, succeeded } from './append-cases.ts'
import { collect, eventually, type EventStoreSubject, happened } from './subject.ts'

const alice: ActorId = 'account-alice'

export const subscribeCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a subscription gives what is there, then what comes, by whomever',
    run: async ({ open }) => {
      await using one = await open()
      await using two = await open()
      await appendOne(one, 1)
      await appendOne(two, 2)
      const subscription = one.subscribe()
      const seen = takeFrom(subscription, 6)
      for (const [n, store] of [one, two, two, one].entries()) await appendOne(store, n + 3)
      assert.deepEqual(await seen, await collect(two.readAll()))
      assert.equal((await seen).length, 6)
    },
  },
  {
    name: 'a subscription waits on an empty log',
    run: async ({ open }) => {
      await using one = await open()
      await using two = await open()
      const seen = takeFrom(one.subscribe(), 1)
      await appendOne(two, 1)
      assert.deepEqual(
        (await seen).map((event) => event.data),
        [1],
      )
    },
  },
  {
    name: 'a subscription goes on at a checkpoint, without gap or repetition',
    run: async ({ open }) => {
      await using store = await open()
      for (let n = 1; n <= 5; n++)
        await store.append(alice, [happened('A', n), happened('B', n)], { expectedVersion: 'any' })
      const log = await collect(store.readAll())
      let checkpoint: string | undefined
      const given: StoredEvent[] = []
      while (given.length < log.length) {
        // Also in the middle of a commit.
        const subscription = store.subscribe(checkpoint === undefined ? {} : { checkpoint })
        given.push(...(await takeFrom(subscription, given.length === 9 ? 1 : 3)))
        checkpoint = subscription.checkpoint
      }
      assert.deepEqual(given, log)
      const next = takeFrom(store.subscribe({ checkpoint: checkpoint ?? '' }), 1)
      await appendOne(store, 11)
      assert.deepEqual(
        (await next).map((event) => event.data),
        [11],
      )
    },
  },
  {
    name: 'what does not pass a subscription is passed over once',
    run: async ({ open }) => {
      await using store = await open()
      for (let n = 1; n <= 3; n++) await appendOne(store, n)
      const subscription = store.subscribe({ filter: { eventTypes: ['Rare'] } })
      const seen = takeFrom(subscription, 1)
      const isAtEnd = async (): Promise<void> =>
        assert.equal(subscription.checkpoint, String(await store.lastPosition()))
      await eventually(isAtEnd)
      await appendOne(store, 4)
      await eventually(isAtEnd)
      await store.append(alice, [happened('Rare', 5)], { expectedVersion: 'any' })
      assert.deepEqual(
        (await seen).map((event) => event.data),
        [5],
      )
    },
  },
  {
    name: "a subscription from 'now' on gives nothing of before",
    run: async ({ open }) => {
      await using store = await open()
      await store.append(alice, [happened('A', 0), happened('B', 0)], { expectedVersion: 0 })
      const subscription = store.subscribe({ checkpoint: 'now' })
      const seen = takeFrom(subscription, 2)
      // Until it has begun, what is appended is not new to it.
      while (subscription.checkpoint === 'now') await new Promise(setImmediate)
      for (const n of [1, 2]) await appendOne(store, n)
      assert.deepEqual(
        (await seen).map((event) => event.data),
        [1, 2],
      )
    },
  },
  {
    name: 'no event is behind the last position, and none comes before it later',
    run: async ({ open }) => {
      await using store = await open()
      assert.equal(await store.lastPosition(), 0)
      for (let n = 1; n <= 3; n++) {
        await store.append(alice, [happened('A', n), happened('B', n)], { expectedVersion: 'any' })
        const last = await store.lastPosition()
        assert.deepEqual(await collect(store.readAll({ after: last })), [])
        const log = await collect(store.readAll())
        assert.ok((log.at(-1)?.position ?? Infinity) <= last)
        await appendOne(store, n)
        assert.equal((await collect(store.readAll({ after: last }))).length, 1)
      }
    },
  },
  {
    name: 'subscriptions see every event once and in order while many write',
    run: async ({ open }) => {
      await using one = await open()
      await using two = await open()
      const filter = { eventTypes: ['Even'] }
      const all = [one, two, one].map((store) => takeFrom(store.subscribe(), 120))
      const evens = takeFrom(two.subscribe({ filter }), 60)
      await Promise.all(
        Array.from({ length: 120 }, (_, n) =>
          (n % 3 ? one : two).append(`order-${n % 7}`, [happened(n % 2 ? 'Odd' : 'Even', n)], {
            expectedVersion: 'any',
          }),
        ),
      )
      const log = await collect(one.readAll())
      for (const seen of all) assert.deepEqual(await seen, log)
      assert.deepEqual(
        await evens,
        log.filter((event) => event.type === 'Even'),
      )
    },
  },
  {
    name: 'a reader of a subscription that is slow misses nothing',
    run: async ({ open }) => {
      await using store = await open()
      await appendOne(store, 1)
      const seen: unknown[] = []
      for await (const event of store.subscribe()) {
        seen.push(event.data)
        // Writes more than it has read, as long as it is behind the first ten.
        if (seen.length <= 10)
          await store.append(alice, [happened('A'), happened('B'), happened('C')], {
            expectedVersion: 'any',
          })
        if (seen.length === 31) break
      }
      assert.equal(seen.length, 31)
    },
  },
  {
    name: 'a subscription tells how much of the log is behind it',
    run: async ({ open }) => {
      await using store = await open()
      for (let n = 1; n <= 3; n++) await appendOne(store, n)
      const fromNow = store.subscribe({ checkpoint: 'now' })
      assert.equal(await fromNow.remaining(), 0)
      const subscription = store.subscribe()
      assert.equal(await subscription.remaining(), 3)
      const seen = subscription[Symbol.asyncIterator]()
      for (const left of [2, 1, 0]) {
        await seen.next()
        assert.equal(await subscription.remaining(), left)
      }
      await appendOne(store, 4)
      assert.equal(await subscription.remaining(), 1)
      await seen.return?.()
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await assert.rejects(subscription.remaining({ signal }), reason)
    },
  },
  {
    name: 'a subscription ends when it is left or aborted, also while it waits',
    run: async ({ open }) => {
      await using store = await open()
      await appendOne(store, 1)
      for (let i = 0; i < 20; i++) {
        const controller = new AbortController()
        const reason = new Error('enough')
        const waiting = takeFrom(store.subscribe({ signal: controller.signal }), 2)
        const left = takeFrom(store.subscribe(), 1)
        assert.equal((await left).length, 1)
        controller.abort(reason)
        await assert.rejects(waiting, reason)
      }
      const aborted = store.subscribe({ signal: AbortSignal.abort() })
      await assert.rejects(takeFrom(aborted, 1), { name: 'AbortError' })
    },
  },
  {
    name: 'a subscription ends when its store is closed',
    run: async ({ open }) => {
      const store = await open()
      await appendOne(store, 1)
      const waiting = takeFrom(store.subscribe(), 2)
      assert.equal((await takeFrom(store.subscribe(), 1)).length, 1)
      const ended = rejects('closed', waiting)
      await store.close()
      await ended
    },
  },
  {
    name: 'a subscription does not wait behind the end of the log, but at it',
    run: async ({ open }) => {
      await using store = await open()
      await appendOne(store, 1)
      const end = await store.lastPosition()
      await store.checkPosition(end)
      await rejects('unknown-position', store.checkPosition(end + 1))
      for (const checkpoint of [end + 1, 9_000_000_000_000].map(String)) {
        await rejects('unknown-position', start(store, { checkpoint }))
      }
      const next = takeFrom(store.subscribe({ checkpoint: String(end) }), 1)
      await appendOne(store, 2)
      assert.deepEqual(
        (await next).map(({ data }) => data),
        [2],
      )
      await using reopened = await open()
      await rejects('unknown-position', start(reopened, { checkpoint: '9000000000000' }))
    },
  },
  {
    name: 'checkpoints that are none are refused',
    run: async ({ open }) => {
      await using store = await open()
      for (const checkpoint of ['', 'x', '-1', '1.5', '1e3', '99999999999999999999']) {
        await rejects('invalid-argument', start(store, { checkpoint }))
      }
      await rejects('invalid-argument', start(store, { filter: { eventTypes: [] } }))
    },
  },
]

async function appendOne(store: EventStore, n: number): Promise<void> {
  succeeded(await store.append(alice, [happened('Counted', n)], { expectedVersion: 'any' }))
}

/** So many of its next events; then it is left. */
async function takeFrom(subscription: Subscription, count: number): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const event of subscription) {
    events.push(event)
    if (events.length === count) break
  }
  return events
}

async function start(store: EventStore, options: SubscribeOptions): Promise<StoredEvent[]> {
  return takeFrom(store.subscribe(options), 1)
}
