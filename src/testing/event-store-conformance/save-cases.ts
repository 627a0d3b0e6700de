import assert from 'node:assert/strict'
import type { ActorId } from '../../core/index.ts'
import type { AppendResult, EventStore, VersionedEvent } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { rejects } from './append-cases.ts'
import { collect, type EventStoreSubject, happened, versionsOf } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

/** What is promised for events that bring their versions and times along. */
export const saveCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'several events are saved under consecutive versions, with the times they bring',
    async run({ open }) {
      await using store = await open()
      const run = [
        { ...versioned(3), time: '1999-12-31T23:59:59.999Z' },
        { ...versioned(4), time: '1999-12-31T23:59:59.999Z' },
        { ...versioned(5), time: '0001-01-01T00:00:00.000Z' },
      ]
      assertSaved(await store.save(alice, run), 5)
      assertSaved(
        await store.save(alice, [versioned(8), { ...versioned(9), time: run[0]?.time ?? '' }]),
        9,
      )
      const events = await collect(store.read(alice))
      assert.deepEqual(
        events.map(({ version, data }) => [version, data]),
        [3, 4, 5, 8, 9].map((version) => [version, version]),
      )
      const times = events.map(({ time }) => time)
      assert.deepEqual(
        [...times.slice(0, 3), times[4]],
        [...run.map(({ time }) => time), run[0]?.time],
      )
      assert.ok((times[3] ?? '') > '2020', 'without a time it is now')
      assert.deepEqual(await collect(store.readAll()), events)
      await using again = await open()
      assert.deepEqual(await collect(again.read(alice)), events)
    },
  },
  {
    name: 'saved events that are not behind the current version are a conflict, and none is stored',
    async run({ open }) {
      await using store = await open()
      assertSaved(await store.save(alice, versioned(5)), 5)
      assert.deepEqual(await store.save(alice, [4, 5, 6, 7].map(versioned)), {
        ok: false,
        conflict: { actorId: alice, expectedVersion: 3, currentVersion: 5 },
      })
      assert.deepEqual(await versionsOf(store, alice), [5])
    },
  },
  {
    name: 'a run of saved events that comes again is answered with what is stored',
    async run({ open }) {
      await using store = await open()
      const run = [2, 3, 4].map((version) => ({ ...versioned(version), id: `e-${version}` }))
      assertSaved(await store.save(alice, run), 4)
      assertSaved(await store.save(alice, versioned(5)), 5)
      const again = await store.save(alice, run)
      assert.ok(again.ok && again.duplicate)
      assert.deepEqual(again.events, await collect(store.read(alice, { toVersion: 4 })))
      const other = run.map((event) => ({ ...event, data: 'other' }))
      await rejects('id-reused', store.save(alice, other))
    },
  },
  {
    name: 'one commit saves events of several actors, beside appended ones',
    async run({ open }) {
      await using store = await open()
      const time = '2001-02-03T04:05:06.007Z'
      const result = await store.commit([
        { actorId: alice, events: [{ ...versioned(7), time }, versioned(8)] },
        { actorId: bob, events: [happened('A', 1)], expectedVersion: 0 },
      ])
      assert.ok(result.ok)
      const events = await collect(store.readAll())
      assert.deepEqual(
        events.map(({ actorId, version }) => [actorId, version]),
        [
          [alice, 7],
          [alice, 8],
          [bob, 1],
        ],
      )
      assert.equal(events[0]?.time, time)
      assert.ok(events.slice(1).every((event) => event.time > '2020'))
      const conflict = await store.commit([
        { actorId: bob, events: [versioned(2)] },
        { actorId: alice, events: [versioned(8)] },
      ])
      assert.deepEqual(conflict, {
        ok: false,
        conflict: { actorId: alice, expectedVersion: 7, currentVersion: 8 },
      })
      assert.deepEqual(await versionsOf(store, bob), [1])
    },
  },
  {
    name: 'versions that are not consecutive and times that are none are refused',
    async run({ open }) {
      await using store = await open()
      await rejects('invalid-argument', store.save(alice, []))
      await rejects('invalid-argument', store.save(alice, [1, 3].map(versioned)))
      await rejects('invalid-argument', store.save(alice, [2, 1].map(versioned)))
      await rejects('invalid-argument', store.save(alice, [1, 1].map(versioned)))
      for (const time of [
        '',
        'now',
        '2026-11-21',
        '2026-11-21T20:00:00Z',
        '2026-11-21T20:00:00.000+01:00',
        '2026-02-30T20:00:00.000Z',
        '+010000-01-01T00:00:00.000Z',
        ' 2026-11-21T20:00:00.000Z',
        5 as unknown as string,
      ]) {
        await rejects('invalid-argument', store.save(alice, { ...versioned(1), time }))
      }
      await assertTimeOfAppendIsNow(store)
    },
  },
]

/** Only an event that brings its version may bring its time. */
async function assertTimeOfAppendIsNow(store: EventStore): Promise<void> {
  const event = { ...versioned(1), time: '1999-12-31T23:59:59.999Z' }
  const result = await store.append(alice, [event], { expectedVersion: 0 })
  assert.ok(result.ok && (result.events[0]?.time ?? '') > '2020')
}

function versioned(version: number): VersionedEvent {
  return { version, type: 'A', data: version }
}

function assertSaved(result: AppendResult, version: number): void {
  assert.ok(result.ok && !result.duplicate, `expected it to be saved: ${JSON.stringify(result)}`)
  assert.equal(result.version, version)
}
