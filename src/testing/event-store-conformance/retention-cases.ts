import assert from 'node:assert/strict'
import type { ActorId, StoredEvent } from '../../core/index.ts'
import {
  type EventStore,
  type Finding,
  verifyStore,
  type VersionedEvent,
} from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { collect, eventually, type EventStoreSubject, happened, versionsOf } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'
const shape = 'account/1'
const before = '2026-01-01T00:00:00.000Z'

/**
 * What every event store of Aether promises where old events may be removed. Each case needs an empty
 * place that was made with `retention: { keepForMs: 3_600_000 }`.
 */
export const retentionConformance: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'old events go, from the oldest on, and reads begin behind them',
    async run({ open }) {
      const store = await open()
      await old(store, alice, 1, 40)
      await old(store, bob, 1, 5)
      await young(store, alice, 3)
      assert.equal(await store.trimmedVersion(alice), 0)
      const { removed, actors, events } = await store.trim({ before })
      assert.deepEqual({ removed, actors, events }, { removed: 44, actors: 2, events: 48 })
      await store.close()
      await using again = await open()
      assert.deepEqual(await versionsOf(again, alice), [41, 42, 43])
      assert.deepEqual(await versionsOf(again, bob), [5])
      assert.deepEqual(
        [await again.trimmedVersion(alice), await again.trimmedVersion(bob)],
        [40, 4],
      )
      const log = await collect(again.readAll())
      assert.deepEqual(
        log.map(({ actorId, version }) => [actorId, version]),
        [
          [bob, 5],
          [alice, 41],
          [alice, 42],
          [alice, 43],
        ],
      )
    },
  },
  {
    name: 'a trimmed history is read forwards, backwards and in part, with nothing that is gone',
    async run({ open }) {
      await using store = await open()
      for (let version = 1; version <= 90; version++) await old(store, alice, version, version)
      await young(store, alice, 80)
      await store.trim({ before })
      const range = (from: number, to: number): number[] =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index)
      const read = async (options: Parameters<EventStore['read']>[1]): Promise<number[]> =>
        (await collect(store.read(alice, options))).map(({ version }) => version)
      assert.deepEqual(await read({}), range(91, 170))
      assert.deepEqual(await read({ direction: 'backwards' }), range(91, 170).toReversed())
      assert.deepEqual(await read({ fromVersion: 100, toVersion: 120 }), range(100, 120))
      assert.deepEqual(await read({ fromVersion: 50, limit: 3 }), [91, 92, 93])
      assert.deepEqual(await read({ toVersion: 92, direction: 'backwards' }), [92, 91])
      assert.deepEqual(await read({ toVersion: 90 }), [])
      assert.deepEqual(await read({ toVersion: 90, direction: 'backwards' }), [])
    },
  },
  {
    name: 'versions and expectations go on, also where nothing but the newest event is left',
    async run({ open }) {
      await using store = await open()
      await old(store, alice, 1, 9)
      await store.trim({ before })
      await using other = await open()
      assert.equal(await other.latestVersion(alice), 9)
      const expecting = (expectedVersion: number): Promise<{ readonly ok: boolean }> =>
        other.append(alice, [happened('Later')], { expectedVersion })
      assert.equal((await expecting(0)).ok, false)
      assert.equal((await expecting(8)).ok, false)
      assert.equal((await expecting(9)).ok, true)
      assert.equal(
        (await store.append(alice, [happened('Later')], { expectedVersion: 'any' })).ok,
        true,
      )
      assert.deepEqual(await versionsOf(store, alice), [9, 10, 11])
      assert.equal((await store.save(alice, savedAt(5, before))).ok, false)
    },
  },
  {
    name: 'trimming again, or further, goes on where it ended',
    async run({ open }) {
      await using store = await open()
      await old(store, alice, 1, 5)
      await store.save(alice, savedAt(6, '2026-02-01T00:00:00.000Z'))
      await young(store, alice, 2)
      assert.equal((await store.trim({ before })).removed, 5)
      const { removed, actors } = await store.trim({ before })
      assert.deepEqual([removed, actors], [0, 0])
      assert.deepEqual(await versionsOf(store, alice), [6, 7, 8])
      assert.equal((await store.trim({ before: new Date('2026-02-02') })).removed, 1)
      assert.deepEqual(await versionsOf(store, alice), [7, 8])
      assert.equal(await store.trimmedVersion(alice), 6)
    },
  },
  {
    name: 'only the chosen actors are trimmed, and only up to their first young event',
    async run({ open }) {
      await using store = await open()
      await old(store, alice, 1, 3)
      await old(store, bob, 1, 2)
      await store.save(bob, savedAt(3, '2026-06-01T00:00:00.000Z'))
      await old(store, bob, 4, 5)
      assert.equal((await store.trim({ before, filter: { key: 'b*' } })).removed, 2)
      assert.deepEqual(await versionsOf(store, alice), [1, 2, 3])
      assert.deepEqual(await versionsOf(store, bob), [3, 4, 5])
      assert.equal(await store.trimmedVersion(alice), 0)
    },
  },
  {
    name: 'without a time all goes that the store needn’t keep, and nothing younger can be asked for',
    async run({ open }) {
      await using store = await open()
      await old(store, alice, 1, 2)
      await young(store, alice, 1)
      for (const wrong of [new Date(), 'tomorrow', new Date(Number.NaN)])
        await assert.rejects(store.trim({ before: wrong }), { code: 'invalid-argument' })
      await assert.rejects(store.trim({ filter: { eventTypes: ['Old'] } as object }), {
        code: 'invalid-argument',
      })
      assert.equal((await store.trim()).removed, 2)
      assert.deepEqual(await versionsOf(store, alice), [3])
    },
  },
  {
    name: 'what was stored with the newest event stays with it',
    async run({ open }) {
      await using store = await open()
      await old(store, alice, 1, 2)
      const time = '2020-06-01T00:00:00.000Z'
      await store.save(
        alice,
        [3, 4, 5].map((version) => savedAt(version, time)),
      )
      assert.equal((await store.trim({ before })).removed, 2)
      assert.deepEqual(await versionsOf(store, alice), [3, 4, 5])
    },
  },
  {
    name: 'a commit over several actors may lose the part of one',
    async run({ open }) {
      await using store = await open()
      await store.commit([
        { actorId: alice, events: [savedAt(1, oldTime(1))] },
        { actorId: bob, events: [savedAt(1, oldTime(1))] },
      ])
      await young(store, alice, 1)
      assert.equal((await store.trim({ before })).removed, 1)
      assert.deepEqual(await versionsOf(store, alice), [2])
      assert.deepEqual(await versionsOf(store, bob), [1])
      assert.deepEqual(await kinds(store), ['warning trimmed-history 2'])
    },
  },
  {
    name: 'a snapshot whose event stays is loaded; keep: snapshot takes nothing that a replay needs',
    async run({ open }) {
      await using store = await open()
      for (const actorId of [alice, bob])
        for (let v = 1; v <= 6; v++) await old(store, actorId, v, v)
      await young(store, alice, 1)
      await store.saveSnapshot(alice, { version: 4, state: 'four', shape })
      await shows(store, 'four')
      assert.equal((await store.trim({ before, keep: 'snapshot' })).removed, 3)
      assert.deepEqual(await versionsOf(store, alice), [4, 5, 6, 7])
      assert.deepEqual(await versionsOf(store, bob), [1, 2, 3, 4, 5, 6])
      await shows(store, 'four')
      await store.saveSnapshot(alice, { version: 6, state: 'six', shape })
      await shows(store, 'six')
      // The event of the snapshot would be the last to go: it is worth more than its place.
      assert.equal((await store.trim({ before, filter: { key: 'alice' } })).removed, 2)
      assert.deepEqual(await versionsOf(store, alice), [6, 7])
      await shows(store, 'six')
    },
  },
  {
    name: 'a trimmed history is no damage: it is told as a warning, and its hash chain holds',
    async run({ open }) {
      await using store = await open({ hashChain: true })
      await old(store, alice, 1, 4)
      await old(store, bob, 1, 1)
      await young(store, alice, 3)
      await store.trim({ before })
      assert.deepEqual(await kinds(store), ['warning trimmed-history 5'])
      await young(store, alice, 2)
      assert.deepEqual(await kinds(store), ['warning trimmed-history 5'])
      assert.deepEqual(await versionsOf(store, alice), [5, 6, 7, 8, 9])
    },
  },
  {
    name: 'a gap that comes from versions of one’s own is none that was trimmed',
    async run({ open }) {
      await using store = await open()
      await store.save(alice, savedAt(7, oldTime(7)))
      await store.trim({ before })
      assert.equal(await store.trimmedVersion(alice), 0)
      assert.equal(await store.trimmedVersion(bob), 0)
      assert.deepEqual(await kinds(store), [])
    },
  },
  {
    name: 'a read under way goes on with what is left',
    async run({ open }) {
      await using store = await open()
      for (const start of [1, 601, 1201]) await store.save(alice, oldRun(start, start + 599))
      for (const _ of Array.from({ length: 40 })) await young(store, alice, 1)
      const seen: number[] = []
      for await (const { version } of store.read(alice)) {
        if (seen.push(version) === 1) await store.trim({ before })
      }
      assert.equal(seen[0], 1)
      assert.deepEqual(
        seen.slice(-40),
        Array.from({ length: 40 }, (_, index) => 1801 + index),
      )
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      )
      assert.equal(new Set(seen).size, seen.length)
    },
  },
  {
    name: 'a subscription gives what is left, and what comes',
    async run({ open }) {
      await using store = await open()
      await old(store, alice, 1, 6)
      await old(store, bob, 1, 2)
      await store.trim({ before })
      const seen: StoredEvent[] = []
      for await (const event of store.subscribe()) {
        seen.push(event)
        if (seen.length === 2) await young(store, alice, 1)
        if (seen.length === 3) break
      }
      assert.deepEqual(
        seen.map(({ actorId, version }) => [actorId, version]),
        [
          [alice, 6],
          [bob, 2],
          [alice, 7],
        ],
      )
    },
  },
  {
    name: 'trimming tells how far it got, and ends with the reason of its signal',
    async run({ open }) {
      await using store = await open()
      await store.save(alice, oldRun(1, 1000))
      await store.save(bob, oldRun(1, 500))
      const told: number[] = []
      await store.trim({
        before: '2019-01-01T00:00:00Z',
        onProgress: ({ events }) => told.push(events),
      })
      assert.deepEqual(told, [1000, 1500])
      const reason = new Error('enough')
      await assert.rejects(store.trim({ before, signal: AbortSignal.abort(reason) }), reason)
      assert.equal((await versionsOf(store, alice)).length, 1000)
    },
  },
]

/** In the year 2020, a second for each version. */
function oldTime(version: number): string {
  return new Date(Date.UTC(2020, 0, 1) + version * 1_000).toISOString()
}

function savedAt(version: number, time: string): VersionedEvent {
  return { version, time, ...happened('Old', { version }) }
}

function oldRun(first: number, last: number): VersionedEvent[] {
  return Array.from({ length: last - first + 1 }, (_, index) =>
    savedAt(first + index, oldTime(first + index)),
  )
}

async function old(
  store: EventStore,
  actorId: ActorId,
  first: number,
  last: number,
): Promise<void> {
  for (const event of oldRun(first, last)) assert.ok((await store.save(actorId, event)).ok)
}

async function young(store: EventStore, actorId: ActorId, count: number): Promise<void> {
  for (let left = count; left > 0; left--)
    assert.ok((await store.append(actorId, [happened('Young')], { expectedVersion: 'any' })).ok)
}

/** Any replica is asked for a snapshot, and may not have it yet: looks until each has shown it. */
async function shows(store: EventStore, state: string): Promise<void> {
  await eventually(async () => {
    for (let looks = 0; looks < 30; looks++)
      assert.equal((await store.loadSnapshot(alice, { shape }))?.state, state)
  })
}

async function kinds(store: EventStore): Promise<string[]> {
  const findings: Finding[] = await Array.fromAsync(verifyStore(store))
  return findings.map(({ severity, kind, version }) => `${severity} ${kind} ${version}`)
}
