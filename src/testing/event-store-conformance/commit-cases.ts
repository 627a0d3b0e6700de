import assert from 'node:assert/strict'
import type { ActorId, NewEvent, StoredEvent } from '../../core/index.ts'
import type { Append, CommitResult, Committed } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { rejects, succeeded } from './append-cases.ts'
import { collect, type EventStoreSubject, happened, versionsOf } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

export const commitCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a commit stores the events of several actors side by side in the log',
    async run({ open }) {
      await using store = await open()
      await store.append(bob, [happened('Opened')], { expectedVersion: 0 })
      const { appends, position, duplicate } = committed(
        await store.commit([
          { actorId: alice, events: [happened('Opened'), happened('Sent')], expectedVersion: 0 },
          { actorId: bob, events: [happened('Received')], expectedVersion: 1 },
          { actorId: 'bank-main', events: [happened('Moved')], expectedVersion: 'any' },
        ]),
      )
      assert.deepEqual(
        appends.map((append) => append.version),
        [2, 2, 1],
      )
      assert.equal(duplicate, false)
      const log = await collect(store.readAll())
      assert.deepEqual(
        log.slice(1),
        appends.flatMap((append) => append.events),
      )
      assert.equal(log.at(-1)?.position, position)
      assert.deepEqual(
        log.map((event) => event.type),
        ['Opened', 'Opened', 'Sent', 'Received', 'Moved'],
      )
      for (const { events } of appends) {
        const [first] = events
        assert.deepEqual(
          (await collect(store.read(first?.actorId ?? alice))).slice(-events.length),
          events,
        )
      }
    },
  },
  {
    name: 'the ids of a commit, given or made, are read as they were answered, and no two are the same',
    async run({ open }) {
      const appends = (round: number): Append[] => [
        { actorId: alice, events: [happened('A'), happened('B')], expectedVersion: 'any' },
        {
          actorId: bob,
          events: [happened('C'), { ...happened('D'), id: `given-${round}` }],
          expectedVersion: 'any',
        },
        { actorId: 'bank-main', events: [happened('E'), happened('F')], expectedVersion: 'any' },
      ]
      const answered: StoredEvent[] = []
      for (let round = 0; round < 3; round++) {
        await using store = await open()
        const result = committed(await store.commit(appends(round)))
        answered.push(...result.appends.flatMap(({ events }) => events))
        const single = await store.append(alice, [happened('G')], { expectedVersion: 'any' })
        answered.push(...succeeded(single).events)
      }
      await using reader = await open()
      const log = await collect(reader.readAll())
      assert.deepEqual(
        log.map(({ id }) => id),
        answered.map(({ id }) => id),
      )
      assert.equal(new Set(log.map(({ id }) => id)).size, 3 * 7)
    },
  },
  {
    name: 'a commit with one wrong expectation stores nothing, and names the actor',
    async run({ open }) {
      await using store = await open()
      await store.append(bob, [happened('Opened'), happened('Closed')], { expectedVersion: 0 })
      const result = await store.commit([
        { actorId: alice, events: [happened('Sent')], expectedVersion: 0 },
        { actorId: bob, events: [happened('Received')], expectedVersion: 1 },
      ])
      assert.deepEqual(result, {
        ok: false,
        conflict: { actorId: bob, expectedVersion: 1, currentVersion: 2 },
      })
      assert.deepEqual(await versionsOf(store, alice), [])
      assert.deepEqual(await versionsOf(store, bob), [1, 2])
      committed(
        await store.commit([
          { actorId: alice, events: [happened('Sent')], expectedVersion: 0 },
          { actorId: bob, events: [happened('Received')], expectedVersion: 2 },
        ]),
      )
    },
  },
  {
    name: '50 commits over the same two actors at once: exactly 1 success',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, n) => {
          const transfer: Append[] = [alice, bob].map((actorId) => ({
            actorId,
            events: [happened('Moved', { n })],
            expectedVersion: 0,
          }))
          // Half of them name the actors the other way round.
          return (n % 2 ? one : two).commit(n % 4 < 2 ? transfer : transfer.toReversed())
        }),
      )
      assert.equal(results.filter((result) => result.ok).length, 1)
      const log = await collect(one.readAll())
      assert.deepEqual(
        log.map((event) => event.version),
        [1, 1],
      )
      assert.deepEqual(log[0]?.data, log[1]?.data)
    },
  },
  {
    name: 'a commit against single appends: never half of it',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      await Promise.all(
        Array.from({ length: 40 }, async (_, n) => {
          const store = n % 2 ? one : two
          const actorId = n % 3 ? alice : bob
          if (n % 4) await store.append(actorId, [happened('Single')], { expectedVersion: 'any' })
          else {
            const events = [happened('Both', { n })]
            await store.commit([
              { actorId: alice, events, expectedVersion: 'any' },
              { actorId: bob, events, expectedVersion: 'any' },
            ])
          }
        }),
      )
      const halves = async (actorId: ActorId): Promise<unknown[]> =>
        (await collect(one.read(actorId)))
          .filter((event) => event.type === 'Both')
          .map((event) => event.data)
      assert.deepEqual(await halves(alice), await halves(bob))
      for (const actorId of [alice, bob]) {
        const versions = await versionsOf(two, actorId)
        assert.deepEqual(
          versions,
          versions.map((_, i) => i + 1),
        )
      }
    },
  },
  {
    name: 'the same commit again is answered with what was stored, and stores nothing',
    async run({ open }) {
      await using store = await open()
      const parts = (expectedVersion: 0 | 'any'): Append[] => [
        { actorId: alice, events: [{ id: 's', type: 'Sent', data: {} }], expectedVersion },
        { actorId: bob, events: [{ id: 'r', type: 'Received', data: {} }], expectedVersion },
      ]
      const first = committed(await store.commit(parts(0)))
      await store.append(bob, [happened('Closed')], { expectedVersion: 1 })
      for (const expectedVersion of [0, 'any'] as const) {
        const repeat = committed(await store.commit(parts(expectedVersion)))
        assert.equal(repeat.duplicate, true)
        assert.deepEqual(
          repeat.appends.map((append) => append.events),
          first.appends.map((append) => append.events),
        )
      }
      // Half of it was never a commit of its own.
      const [sent] = parts(0) as [Append]
      const other: Append = {
        actorId: 'account-carol',
        events: [{ id: 'r', type: 'Received', data: {} }],
        expectedVersion: 0,
      }
      await rejects('id-reused', store.commit([sent, other]))
      assert.equal((await collect(store.readAll())).length, 3)
    },
  },
  {
    name: 'a commit of nothing, of an actor twice, or of more events than the bound is refused',
    async run({ open }) {
      await using store = await open()
      const part = (actorId: ActorId, count: number): Append => ({
        actorId,
        events: Array.from({ length: count }, () => happened('A')),
        expectedVersion: 0,
      })
      await rejects('invalid-argument', store.commit([]))
      await rejects('invalid-argument', store.commit([part(alice, 1), part(alice, 1)]))
      await rejects('invalid-argument', store.commit([part(alice, 0), part(bob, 0)]))
      await rejects('too-large', store.commit([part(alice, 600), part(bob, 401)]))
      assert.deepEqual(await collect(store.readAll()), [])
      committed(await store.commit([part(alice, 600), part(bob, 400)]))
      assert.equal((await collect(store.readAll())).length, 1_000)
    },
  },
  {
    name: 'an event is saved under a greater version; gaps stay, and reads go over them',
    async run({ open }) {
      await using store = await open()
      const saved = succeeded(await store.save(alice, { version: 3, type: 'A', data: 3 }))
      assert.deepEqual([saved.version, saved.events.length], [3, 1])
      succeeded(await store.save(alice, { version: 7, type: 'A', data: 7 }))
      succeeded(
        await store.append(alice, [happened('A', 8), happened('A', 9)], { expectedVersion: 7 }),
      )
      succeeded(await store.save(alice, { version: 100, type: 'A', data: 100 }))
      const all = [3, 7, 8, 9, 100]
      assert.deepEqual(await versionsOf(store, alice), all)
      assert.equal(await store.latestVersion(alice), 100)
      for (let fromVersion = 1; fromVersion <= 101; fromVersion++) {
        const read = await collect(store.read(alice, { fromVersion }))
        assert.deepEqual(
          read.map((event) => event.data),
          all.filter((version) => version >= fromVersion),
        )
      }
      const some = await collect(store.read(alice, { fromVersion: 4, limit: 2 }))
      assert.deepEqual(
        some.map((event) => event.version),
        [7, 8],
      )
      await using again = await open()
      assert.deepEqual(await versionsOf(again, alice), all)
    },
  },
  {
    name: 'an event saved under a version that is not greater is a conflict',
    async run({ open }) {
      await using store = await open()
      succeeded(await store.save(alice, { version: 5, type: 'A', data: {} }))
      for (const version of [1, 4, 5]) {
        assert.deepEqual(await store.save(alice, { version, type: 'A', data: {} }), {
          ok: false,
          conflict: { actorId: alice, expectedVersion: version - 1, currentVersion: 5 },
        })
      }
      for (const version of [0, -1, 1.5, Number.NaN, 2 ** 53]) {
        await rejects('invalid-argument', store.save(alice, { version, type: 'A', data: {} }))
      }
      assert.deepEqual(await versionsOf(store, alice), [5])
    },
  },
  {
    name: '50 savers of one version: exactly 1 success; the same event again is answered',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          (n % 2 ? one : two).save(alice, { id: `e-${n}`, version: 9, type: 'A', data: n }),
        ),
      )
      const winner = results.findIndex((result) => result.ok)
      assert.equal(results.filter((result) => result.ok).length, 1)
      const again = succeeded(
        await two.save(alice, { id: `e-${winner}`, version: 9, type: 'A', data: winner }),
      )
      assert.equal(again.duplicate, true)
      assert.deepEqual(await versionsOf(one, alice), [9])
    },
  },
  {
    name: 'what was stored together is known as long as one event of it is among the newest 1,000',
    async run({ open }) {
      await using store = await open()
      const three = ['a', 'b', 'c'].map((id) => ({ ...happened('A'), id }))
      const anywhere = { expectedVersion: 'any' } as const
      const both: Append[] = [
        { actorId: alice, events: three, ...anywhere },
        { actorId: bob, events: [{ ...happened('B'), id: 'b-1' }], ...anywhere },
      ]
      assert.equal((await store.commit(both)).ok, true)
      const more = async (count: number): Promise<void> => {
        const events = Array.from({ length: count }, () => happened('C'))
        succeeded(await store.append(alice, events, anywhere))
      }
      await more(998)
      const again = succeeded(await store.append(alice, three, anywhere))
      assert.deepEqual([again.duplicate, again.version], [true, 3])
      const late = { ...three[0], data: { other: true } } as NewEvent
      await assert.rejects(store.append(alice, [late, ...three.slice(1)], anywhere), {
        code: 'id-reused',
      })
      await more(2)
      const result = await store.commit(both)
      assert.equal(result.ok && result.duplicate, true)
      assert.equal(await store.latestVersion(alice), 1_003)
    },
  },
]

function committed(result: CommitResult): Committed {
  assert.ok(result.ok, `expected a commit to succeed: ${JSON.stringify(result)}`)
  return result
}
