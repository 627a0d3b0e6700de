import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { AetherError, type ActorId, type ErrorCode, systemClock } from '../../core/index.ts'
import type { EventStore, LoadSnapshotOptions, Snapshot } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { type EventStoreSubject, happened, versionsOf } from './subject.ts'

const alice: ActorId = 'account-alice'
const shape = 'account/1'

export const snapshotCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'a snapshot that was saved is loaded as it was, also after opening again',
    async run({ open }) {
      const store = await open()
      await grow(store, alice, 3)
      const state = { owner: 'Zoë 👩‍💻', half: '\ud800', list: [1.5, null, [true]], none: {} }
      assert.equal(await store.loadSnapshot(alice, { shape }), undefined)
      assert.equal(await store.saveSnapshot(alice, { version: 2, state, shape }), true)
      const loaded = await shows(store, alice, [2, state])
      assert.ok(loaded)
      const { time, ...snapshot } = loaded
      assert.deepEqual(snapshot, { actorId: alice, version: 2, state, shape })
      assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      await store.close()
      await using again = await open()
      assert.deepEqual(await shows(again, alice, [2, state]), loaded)
    },
  },
  {
    name: 'a snapshot leaves the events as they are',
    async run({ open }) {
      await using store = await open()
      await grow(store, alice, 2)
      await save(store, alice, 2)
      assert.deepEqual(await versionsOf(store, alice), [1, 2])
      assert.equal((await Array.fromAsync(store.readAll())).length, 2)
      await grow(store, alice, 1)
      assert.equal(await store.latestVersion(alice), 3)
    },
  },
  {
    name: 'the greater version of two snapshots stays, and of two equal ones the first',
    async run({ open }) {
      await using store = await open()
      await grow(store, alice, 4)
      assert.equal(await save(store, alice, 3, 'first'), true)
      for (const version of [1, 2, 3]) assert.equal(await save(store, alice, version), false)
      await shows(store, alice, [3, 'first'])
      assert.equal(await save(store, alice, 4, 'second'), true)
      await shows(store, alice, [4, 'second'])
    },
  },
  {
    name: 'a snapshot is loaded in its own shape only, and gives way to one of another shape',
    async run({ open }) {
      await using store = await open()
      await grow(store, alice, 3)
      await save(store, alice, 2)
      assert.equal(await store.loadSnapshot(alice, { shape: 'account/2' }), undefined)
      const next = { state: 'new', shape: 'account/2' }
      assert.equal(await store.saveSnapshot(alice, { version: 1, ...next }), false)
      assert.equal(await store.saveSnapshot(alice, { version: 2, ...next }), true)
      await shows(store, alice, undefined)
      await shows(store, alice, [2, 'new'], { shape: 'account/2' })
    },
  },
  {
    name: 'a snapshot of a named event is of use as long as the log has that event there',
    async run({ open }) {
      await using store = await open()
      await grow(store, alice, 3)
      const [, second] = await store.read(alice).toArray()
      assert.ok(second)
      const stranger = { version: 3, state: 'strange', shape, eventId: 'another' }
      assert.equal(await store.saveSnapshot(alice, stranger), true)
      await shows(store, alice, undefined)
      const own = { version: 2, state: 'own', shape, eventId: second.id }
      assert.equal(await store.saveSnapshot(alice, own), true)
      await shows(store, alice, [2, 'own'])
    },
  },
  {
    name: 'a snapshot behind the version that is asked for is not loaded',
    async run({ open }) {
      await using store = await open()
      await grow(store, alice, 3)
      await save(store, alice, 2)
      for (const maxVersion of [0, 1])
        assert.equal(await store.loadSnapshot(alice, { shape, maxVersion }), undefined)
      for (const maxVersion of [2, 3, Infinity])
        await shows(store, alice, [2, null], { shape, maxVersion })
    },
  },
  {
    name: 'a snapshot may be of any version that an event has, also where some are left out',
    async run({ open }) {
      await using store = await open()
      await store.save(alice, { version: 5, ...happened('Moved') })
      await grow(store, alice, 1)
      await assert.rejects(save(store, alice, 4), coded('invalid-argument'))
      assert.equal(await save(store, alice, 5), true)
      assert.equal(await save(store, alice, 6), true)
      await assert.rejects(save(store, alice, 7), coded('invalid-argument'))
      await shows(store, alice, [6, null])
    },
  },
  {
    name: 'actors have snapshots of their own, however alike their ids are',
    async run({ open }) {
      await using store = await open()
      const ids: ActorId[] = [
        'a-x',
        'A-x',
        'a-X',
        'a-x-',
        'a-x.y',
        'a-x y',
        'a-x/y',
        'a-=78',
        'ax-x',
      ]
      for (const id of ids) {
        await grow(store, id, 1)
        assert.equal(await save(store, id, 1, id), true)
      }
      for (const id of ids) await shows(store, id, [1, id])
      assert.equal(await store.loadSnapshot('a-y', { shape }), undefined)
    },
  },
  {
    name: 'the state is kept as it was when it was saved, and nobody shares it',
    async run({ open }) {
      await using store = await open()
      await grow(store, alice, 1)
      const state = { list: [1], absent: undefined, zero: -0 }
      const saving = store.saveSnapshot(alice, { version: 1, state, shape })
      state.list.push(2)
      await saving
      const expected = { list: [1], zero: 0 }
      const loaded = await shows(store, alice, [1, expected])
      const again = await shows(store, alice, [1, expected])
      assert.notEqual(again?.state, loaded?.state)
    },
  },
  {
    name: 'a snapshot that cannot be kept is refused, and the one that is there stays',
    async run({ open }) {
      await using store = await open()
      await grow(store, alice, 3)
      await save(store, alice, 1)
      const offered = { version: 2, state: {}, shape }
      const offers: readonly (readonly [ErrorCode, typeof offered])[] = [
        ['invalid-json', { ...offered, state: { balance: Number.NaN } }],
        ['invalid-json', { ...offered, state: new Map() }],
        ...[0, -1, 1.5, Infinity].map((version) => wrong({ ...offered, version })),
        ...['', 'x'.repeat(201), '\ud800'].map((name) => wrong({ ...offered, shape: name })),
        ...['', 7, {}].map((eventId) => wrong({ ...offered, eventId })),
      ]
      for (const [code, offer] of offers)
        await assert.rejects(store.saveSnapshot(alice, offer), coded(code))
      await assert.rejects(store.saveSnapshot('account-', offered), coded('invalid-actor-id'))
      await assert.rejects(store.loadSnapshot('account-', { shape }), coded('invalid-actor-id'))
      await assert.rejects(store.loadSnapshot(alice, { shape: '' }), coded('invalid-argument'))
      const maxVersion = Number.NaN
      await assert.rejects(
        store.loadSnapshot(alice, { shape, maxVersion }),
        coded('invalid-argument'),
      )
      await shows(store, alice, [1, null])
    },
  },
  {
    name: '50 savers of 50 versions at the same time: the greatest stays',
    async run({ open }) {
      await using first = await open()
      await using second = await open()
      await grow(first, alice, 50)
      const versions = Array.from({ length: 50 }, (_, i) => ((i * 7) % 50) + 1)
      const saved = await Promise.all(
        versions.map((version, i) => save(i % 2 ? first : second, alice, version, version)),
      )
      assert.equal(saved[versions.indexOf(50)], true)
      for (const store of [first, second]) {
        assert.equal(await save(store, alice, 49), false)
        await shows(store, alice, [50, 50])
      }
    },
  },
  {
    name: 'loading a snapshot ends with the reason of its signal',
    async run({ open }) {
      await using store = await open()
      const reason = new Error('enough')
      const signal = AbortSignal.abort(reason)
      await assert.rejects(store.loadSnapshot(alice, { shape, signal }), reason)
    },
  },
  {
    name: 'closing waits for snapshots under way, and takes no more',
    async run({ open }) {
      const store = await open()
      await grow(store, alice, 1)
      const saving = save(store, alice, 1, 'kept')
      await store.close()
      assert.equal(await saving, true)
      await assert.rejects(save(store, alice, 1), coded('closed'))
      await assert.rejects(store.loadSnapshot(alice, { shape }), coded('closed'))
      await using again = await open()
      await shows(again, alice, [1, 'kept'])
    },
  },
]

async function grow(store: EventStore, actorId: ActorId, count: number): Promise<void> {
  const events = Array.from({ length: count }, () => happened('Grown'))
  assert.ok((await store.append(actorId, events, { expectedVersion: 'any' })).ok)
}

function save(
  store: EventStore,
  actorId: ActorId,
  version: number,
  state: unknown = null,
): Promise<boolean> {
  return store.saveSnapshot(actorId, { version, state, shape })
}

/**
 * Looks until the store shows this version and state, or nothing: for a moment it may still show
 * what was there before.
 */
async function shows(
  store: EventStore,
  actorId: ActorId,
  expected: readonly [version: number, state: unknown] | undefined,
  options: LoadSnapshotOptions = { shape },
): Promise<Snapshot | undefined> {
  for (let looksLeft = 500; ; looksLeft--) {
    const snapshot = await store.loadSnapshot(actorId, options)
    const found = snapshot && [snapshot.version, snapshot.state]
    if (looksLeft === 0 || isDeepStrictEqual(found, expected)) {
      assert.deepEqual(found, expected)
      return snapshot
    }
    await systemClock.sleep(20)
  }
}

function wrong<Offer>(offer: Offer): readonly [ErrorCode, Offer] {
  return ['invalid-argument', offer]
}

function coded(code: ErrorCode): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof AetherError, String(error))
    assert.equal(error.code, code)
    return true
  }
}
