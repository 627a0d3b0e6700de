import assert from 'node:assert/strict'
import type { ActorId } from '../../core/index.ts'
import type { ExpectedVersion } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { rejects, succeeded } from './append-cases.ts'
import { collect, type EventStoreSubject, happened } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

/** What a store knows of versions without asking. */
export const versionCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a version is known from writes and conflicts, behind others at most until a conflict',
    async run({ open }) {
      await using store = await open()
      await using other = await open()
      assert.equal(store.knownVersion(alice), undefined)
      await store.append(alice, [happened('A'), happened('B')], { expectedVersion: 0 })
      assert.equal(store.knownVersion(alice), 2)
      await store.save(alice, { version: 9, type: 'A', data: {} })
      assert.equal(store.knownVersion(alice), 9)
      await other.append(alice, [happened('C')], { expectedVersion: 'any' })
      assert.equal(other.knownVersion(alice), 10)
      assert.equal(store.knownVersion(alice), 9)
      assert.ok(!(await store.append(alice, [happened('D')], { expectedVersion: 9 })).ok)
      assert.equal(store.knownVersion(alice), 10)
      await store.commit([
        { actorId: bob, events: [happened('A')], expectedVersion: 'any' },
        { actorId: alice, events: [happened('D')], expectedVersion: 10 },
      ])
      assert.deepEqual([store.knownVersion(bob), store.knownVersion(alice)], [1, 11])
    },
  },
  {
    name: 'a version is known from reads that reached the end, and from asking',
    async run({ open }) {
      await using writer = await open()
      await writer.append(
        alice,
        Array.from({ length: 4 }, () => happened('A')),
        {
          expectedVersion: 0,
        },
      )
      const knownAfter = async (
        options: Parameters<typeof writer.read>[1],
        most = Infinity,
      ): Promise<number | undefined> => {
        await using store = await open()
        let left = most
        for await (const _event of store.read(alice, options)) if (--left === 0) break
        return store.knownVersion(alice)
      }
      assert.equal(await knownAfter({}), 4)
      assert.equal(await knownAfter({ fromVersion: 3 }), 4)
      assert.equal(await knownAfter({ direction: 'backwards' }, 1), 4)
      assert.equal(await knownAfter({ direction: 'backwards', limit: 1 }), 4)
      assert.equal(await knownAfter({ toVersion: 3 }), undefined)
      assert.equal(await knownAfter({ toVersion: 3, direction: 'backwards' }), undefined)
      assert.equal(await knownAfter({ limit: 2 }), undefined)
      assert.equal(await knownAfter({ fromVersion: 5 }), undefined)

      await using store = await open()
      assert.deepEqual(await collect(store.read(bob)), [])
      assert.equal(store.knownVersion(bob), 0)
      assert.equal(await store.latestVersion(alice), 4)
      assert.equal(store.knownVersion(alice), 4)
    },
  },
  {
    name: 'of so many actors as it may remember, those heard of last are known',
    async run({ open }) {
      await using store = await open({ rememberedVersions: 2 })
      for (const actorId of [alice, bob, 'account-carol'] as const) {
        await store.append(actorId, [happened('A')], { expectedVersion: 0 })
        await store.append(alice, [happened('A')], { expectedVersion: 'any' })
      }
      assert.equal(store.knownVersion(alice), 4)
      assert.equal(store.knownVersion(bob), undefined)
      assert.equal(store.knownVersion('account-carol'), 1)
    },
  },
  {
    name: 'behind the greatest version that a number can hold, nothing is stored, and all is read',
    async run({ open }) {
      await using store = await open()
      const most = Number.MAX_SAFE_INTEGER
      succeeded(await store.save(alice, { version: most, type: 'A', data: {} }))
      succeeded(await store.save(bob, { version: most - 1, type: 'A', data: {} }))
      const one = [happened('B')]
      const two = [happened('B'), happened('C')]
      for (const expectedVersion of [most, 'any'] satisfies ExpectedVersion[])
        await rejects('too-large', store.append(alice, one, { expectedVersion }))
      await rejects('too-large', store.append(bob, two, { expectedVersion: 'any' }))
      const both = [
        { actorId: 'account-carol', events: one, expectedVersion: 0 },
        { actorId: alice, events: one, expectedVersion: 'any' },
      ] as const
      await rejects('too-large', store.commit(both))
      succeeded(await store.append(bob, one, { expectedVersion: most - 1 }))
      await using again = await open()
      const read = await collect(again.readAll())
      assert.deepEqual(
        read.map(({ actorId, version }) => [actorId, version]),
        [
          [alice, most],
          [bob, most - 1],
          [bob, most],
        ],
      )
      assert.equal(await again.latestVersion(alice), most)
    },
  },
]
