import assert from 'node:assert/strict'
import type { ActorId } from '../../core/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { collect, type EventStoreSubject, happened, versionsOf } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

/** Who gave up before a write was sent has written nothing; who gives up later is told what became of it. */
export const signalCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'what was given up before it is sent is not stored, and rejects with the reason of its signal',
    async run({ open }) {
      await using store = await open()
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      const named = [{ id: 'a', ...happened('A') }]
      await store.append(bob, [happened('A')], { expectedVersion: 0 })
      const inVain: (() => Promise<unknown>)[] = [
        () => store.append(alice, [happened('A')], { expectedVersion: 0, signal }),
        () => store.append(alice, named, { expectedVersion: 0, signal }),
        () => store.append(alice, named, { expectedVersion: 'any', signal }),
        async () => store.appendAtOnce(alice, [happened('A')], { expectedVersion: 0, signal }),
        () => store.commit([{ actorId: alice, events: named, expectedVersion: 0 }], { signal }),
        () => store.save(alice, { version: 3, ...happened('A') }, { signal }),
        () => store.saveSnapshot(bob, { version: 1, state: 1, shape: 's' }, { signal }),
      ]
      for (const write of inVain) await assert.rejects(write, reason)
      assert.equal((await collect(store.readAll())).length, 1)
      assert.equal(await store.loadSnapshot(bob, { shape: 's' }), undefined)
    },
  },
  {
    name: 'a signal that aborts once a write is sent changes nothing',
    async run({ open }) {
      await using store = await open()
      const giving = new AbortController()
      const { signal } = giving
      const events = [happened('A')]
      const writing = [
        store.append(alice, events, { expectedVersion: 0, signal }),
        store.commit([{ actorId: bob, events, expectedVersion: 0 }], { signal }),
      ]
      giving.abort(new Error('enough'))
      for (const { ok } of await Promise.all(writing)) assert.ok(ok)
      assert.deepEqual(await versionsOf(store, alice), [1])
      assert.deepEqual(await versionsOf(store, bob), [1])
    },
  },
]
