import assert from 'node:assert/strict'
import type { ActorId } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { appendInCommitsOf, rejects } from './append-cases.ts'
import { collect, type EventStoreSubject, happened } from './subject.ts'

const alice: ActorId = 'account-alice'

export const readWholeCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a read gives all at once what it gives by a loop: whole, in ranges, backwards, the rest of it',
    async run({ open }) {
      await using store = await open()
      await appendInCommitsOf(store, alice, [1, 4, 600, 3])
      await store.append('order-b', [happened('A'), happened('B')], { expectedVersion: 0 })
      const ranges: Parameters<EventStore['read']>[1][] = [
        {},
        { fromVersion: 3 },
        { fromVersion: 3, toVersion: 606 },
        { fromVersion: 607, toVersion: 606 },
        { fromVersion: 609 },
        { toVersion: 0 },
      ]
      for (const range of ranges) {
        for (const direction of ['forwards', 'backwards'] as const) {
          for (const limit of [undefined, 0, 7, 550]) {
            const options = { ...range, direction, ...(limit !== undefined && { limit }) }
            const loop = await collect(store.read(alice, options))
            assert.deepEqual(await store.read(alice, options).toArray(), loop)
          }
        }
      }
      for (const options of [
        {},
        { after: 1 },
        { limit: 5 },
        { filter: { actorTypes: ['order'] } },
        { filter: { key: '*b' }, limit: 1 },
        { filter: { eventTypes: ['B'] } },
      ]) {
        const loop = await collect(store.readAll(options))
        assert.deepEqual(await store.readAll(options).toArray(), loop)
      }
      assert.deepEqual(await store.read('account-nobody').toArray(), [])
      const begun = store.read(alice, { toVersion: 600 })
      for await (const event of readsOn(begun)) if (event.version === 3) break
      const rest = await begun.toArray()
      assert.deepEqual([rest[0]?.version, rest.length], [4, 597])
    },
  },
  {
    name: 'what is read at once is the caller’s, ended by its signal, and refused as the loop is',
    async run({ open }) {
      await using store = await open()
      await appendInCommitsOf(store, alice, [3])
      const read = store.read(alice)
      const events = await read.toArray()
      assert.deepEqual([await read.toArray(), await collect(read)], [[], []]) // all was given
      events.length = 0
      assert.equal((await store.read(alice).toArray()).length, 3)
      assert.equal(store.knownVersion(alice), 3)
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await assert.rejects(store.read(alice, { signal }).toArray(), reason)
      await assert.rejects(store.readAll({ signal }).toArray(), reason)
      await rejects('invalid-argument', store.read(alice, { fromVersion: 0 }).toArray())
      await rejects('invalid-argument', store.readAll({ filter: { key: '' } }).toArray())
      await rejects('invalid-actor-id', store.read('account' as ActorId).toArray())
      await store.close()
      await rejects('closed', store.read(alice).toArray())
      await rejects('closed', store.readAll().toArray())
    },
  },
]

/** A loop that may be left without ending what it reads. */
function readsOn<T>(events: AsyncIterable<T>): AsyncIterable<T> {
  const iterator = events[Symbol.asyncIterator]()
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) }
}
