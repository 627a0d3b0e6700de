import assert from 'node:assert/strict'
import { AetherError, type ActorId, type NewEvent } from '../../core/index.ts'
import type { Appended, AppendResult, EventStore, ExpectedVersion } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { collect, type EventStoreSubject, happened, versionsOf } from './subject.ts'

const alice: ActorId = 'account-alice'
const bob: ActorId = 'account-bob'

export const appendCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'the first append gives versions from 1, positions that increase, and a time',
    async run({ open }) {
      await using store = await open()
      const result = await store.append(
        alice,
        [happened('Opened'), happened('Deposited', { amount: 5 })],
        {
          expectedVersion: 0,
        },
      )
      const { version, position, events, duplicate } = succeeded(result)
      assert.equal(version, 2)
      assert.equal(duplicate, false)
      assert.deepEqual(
        events.map((event) => [event.actorId, event.version, event.type, event.data]),
        [
          [alice, 1, 'Opened', {}],
          [alice, 2, 'Deposited', { amount: 5 }],
        ],
      )
      const [first, second] = events
      assert.ok(first && second && first.position > 0 && second.position > first.position)
      assert.ok(Number.isSafeInteger(second.position))
      assert.equal(position, second.position)
      assert.match(first.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.notEqual(first.id, second.id)
    },
  },
  {
    name: 'an append at once stores as any other, and finds the same conflicts',
    async run({ open }) {
      await using store = await open()
      const place = async (type: string, expectedVersion: number): Promise<AppendResult> =>
        store.appendAtOnce(alice, [happened(type)], { expectedVersion })
      const [first, second] = [await place('Opened', 0), await place('Closed', 1)]
      const told = [first, second].flatMap((result) => succeeded(result).events)
      assert.deepEqual(await collect(store.read(alice)), told)
      const conflict = { actorId: alice, expectedVersion: 1, currentVersion: 2 }
      assert.deepEqual(await place('Late', 1), { ok: false, conflict })
      await assert.rejects(
        async () => store.appendAtOnce(alice, [], { expectedVersion: 2 }),
        (error) => error instanceof AetherError && error.code === 'invalid-argument',
      )
    },
  },
  {
    name: 'what is read is what the append answered, also after opening again',
    async run({ open }) {
      const store = await open()
      const metadata = { correlationId: 'c-1', 'any name': ' kept  as it is\r\n', userId: 'Zoë 👩‍💻' }
      const data = {
        text: 'a\u0000b\ud800 "quoted" <é>',
        list: [1, null, [true]],
        nested: { a: { b: 1.5 } },
      }
      const result = await store.append(alice, [{ id: 'e-1', type: 'Noted', data, metadata }], {
        expectedVersion: 0,
      })
      assert.deepEqual(await collect(store.read(alice)), succeeded(result).events)
      await store.close()
      await using again = await open()
      const [event] = await collect(again.read(alice))
      assert.deepEqual(event, succeeded(result).events[0])
      assert.deepEqual(event?.data, data)
      assert.deepEqual(event?.metadata, metadata)
      assert.equal(await again.latestVersion(alice), 1)
    },
  },
  {
    name: 'a wrong expected version is a conflict that names the current one, and stores nothing',
    async run({ open }) {
      await using store = await open()
      await store.append(alice, [happened('A'), happened('B')], { expectedVersion: 0 })
      for (const expectedVersion of [0, 1, 3, 1_000]) {
        assert.deepEqual(await store.append(alice, [happened('C')], { expectedVersion }), {
          ok: false,
          conflict: { actorId: alice, expectedVersion, currentVersion: 2 },
        })
      }
      assert.deepEqual(await versionsOf(store, alice), [1, 2])
      succeeded(await store.append(alice, [happened('C')], { expectedVersion: 2 }))
    },
  },
  {
    name: 'a conflict on an actor that does not exist names version 0',
    async run({ open }) {
      await using store = await open()
      const result = await store.append(alice, [happened('A')], { expectedVersion: 1 })
      assert.deepEqual(result, {
        ok: false,
        conflict: { actorId: alice, expectedVersion: 1, currentVersion: 0 },
      })
    },
  },
  {
    name: '50 writers of the same version: exactly 1 success, 49 conflicts',
    async run({ open }) {
      await using store = await open()
      await store.append(alice, [happened('Opened')], { expectedVersion: 0 })
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, writer) =>
          store.append(alice, [happened('Won', { writer })], { expectedVersion: 1 }),
        ),
      )
      assert.equal(results.filter((result) => result.ok).length, 1)
      for (const result of results) if (!result.ok) assert.equal(result.conflict.currentVersion, 2)
      assert.deepEqual(await versionsOf(store, alice), [1, 2])
    },
  },
  {
    name: '50 creators over two open stores: exactly 1 success, 49 conflicts',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, writer) =>
          (writer % 2 ? one : two).append(alice, [happened('Created', { writer })], {
            expectedVersion: 0,
          }),
        ),
      )
      assert.equal(results.filter((result) => result.ok).length, 1)
      assert.deepEqual(await versionsOf(one, alice), [1])
      assert.deepEqual(await versionsOf(two, alice), [1])
    },
  },
  {
    name: "50 writers at 'any': all stored, versions consecutive",
    async run({ open }) {
      await using store = await open()
      const results = await Promise.all(
        Array.from({ length: 50 }, (_, writer) =>
          store.append(alice, [happened('Noted', { writer })], { expectedVersion: 'any' }),
        ),
      )
      const versions = results.map((result) => succeeded(result).version).toSorted((a, b) => a - b)
      assert.deepEqual(
        versions,
        Array.from({ length: 50 }, (_, i) => i + 1),
      )
      assert.deepEqual(await versionsOf(store, alice), versions)
    },
  },
  {
    name: 'another writer is noticed: conflict, then right again',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      succeeded(await one.append(alice, [happened('A')], { expectedVersion: 0 }))
      succeeded(await two.append(alice, [happened('B')], { expectedVersion: 1 }))
      const stale = await one.append(alice, [happened('C')], { expectedVersion: 1 })
      assert.equal(!stale.ok && stale.conflict.currentVersion, 2)
      succeeded(await one.append(alice, [happened('C')], { expectedVersion: 2 }))
      assert.deepEqual(await versionsOf(two, alice), [1, 2, 3])
    },
  },
  {
    name: 'the same event ids again are answered with what was stored, and store nothing',
    async run({ open }) {
      await using store = await open()
      const events = [
        { id: 'e-1', type: 'A', data: { n: 1 } },
        { id: 'e-2', type: 'B', data: { n: 2 } },
      ]
      const first = succeeded(await store.append(alice, events, { expectedVersion: 0 }))
      await store.append(alice, [happened('C')], { expectedVersion: 2 })
      for (const expectedVersion of [0, 'any'] satisfies ExpectedVersion[]) {
        const repeat = succeeded(await store.append(alice, events, { expectedVersion }))
        assert.deepEqual(repeat, { ...first, duplicate: true })
      }
      assert.deepEqual(await versionsOf(store, alice), [1, 2, 3])
    },
  },
  {
    name: 'an event id with other content is an error',
    async run({ open }) {
      await using store = await open()
      await store.append(alice, [{ id: 'e-1', type: 'A', data: { n: 1 } }], { expectedVersion: 0 })
      const forged = [{ id: 'e-1', type: 'A', data: { n: 2 } }]
      for (const expectedVersion of [0, 'any'] satisfies ExpectedVersion[]) {
        await rejects('id-reused', store.append(alice, forged, { expectedVersion }))
      }
      assert.deepEqual(await versionsOf(store, alice), [1])
    },
  },
  {
    name: 'event ids that are no text, or stand twice in an append, are refused',
    run: async ({ open }) => {
      await using store = await open()
      for (const id of ['', 'x'.repeat(201), '\ud800', 7 as unknown as string]) {
        const events = [{ id, type: 'A', data: {} }]
        await rejects('invalid-argument', store.append(alice, events, { expectedVersion: 0 }))
      }
      const twice = [
        happened('A'),
        { id: 'e', type: 'A', data: {} },
        { id: 'e', type: 'A', data: {} },
      ]
      await rejects('invalid-argument', store.append(alice, twice, { expectedVersion: 0 }))
      assert.equal(await store.latestVersion(alice), 0)
    },
  },
  {
    name: 'what the caller changes after an append, or a reader in what was read, is not stored',
    run: async ({ open }) => {
      await using store = await open()
      const event = { type: 'A', data: { list: [1] }, metadata: { userId: 'u' } }
      const appending = store.append(alice, [event], { expectedVersion: 0 })
      event.data.list.push(2)
      event.metadata.userId = 'other'
      await appending
      const [read] = await collect(store.read(alice))
      // What is read may be frozen, or a copy.
      Reflect.set(read?.metadata ?? {}, 'userId', 'third')
      const [again] = await collect(store.read(alice))
      assert.deepEqual([again?.data, again?.metadata], [{ list: [1] }, { userId: 'u' }])
    },
  },
  {
    name: 'what gives something else each time, or stores something itself, is looked at once',
    async run({ open }) {
      await using store = await open()
      let inside: Promise<AppendResult> | undefined
      const data = {
        get amount() {
          inside ??= store.append(bob, [happened('Inside')], { expectedVersion: 0 })
          return 5
        },
      }
      const answered = succeeded(
        await store.append(alice, [happened('Opened'), happened('Deposited', data)], {
          expectedVersion: 0,
        }),
      )
      await inside
      const types: unknown[] = ['Noted', 7]
      const ids = ['given', '\ud800']
      const changing = {
        get type() {
          return types.shift()
        },
        get id() {
          return ids.shift()
        },
        data: {},
      } as unknown as NewEvent
      const noted = succeeded(await store.append(alice, [changing], { expectedVersion: 2 }))
      const events = await collect(store.readAll())
      assert.deepEqual(
        events.filter(({ actorId }) => actorId === alice),
        [...answered.events, ...noted.events],
      )
      assert.deepEqual([events.at(-1)?.type, events.at(-1)?.id], ['Noted', 'given'])
      assert.equal(new Set(events.map(({ id }) => id)).size, 4)
    },
  },
  {
    name: 'an event id is known among the newest 1,000 events, also where versions were left out',
    async run({ open }) {
      await using store = await open()
      const first = { ...happened('A'), id: 'first' }
      succeeded(await store.append(alice, [first], { expectedVersion: 0 }))
      succeeded(await store.save(alice, { version: 5_000, type: 'B', data: {} }))
      for (const others of [0, 998]) {
        const many = Array.from({ length: others }, () => happened('C'))
        if (others > 0) succeeded(await store.append(alice, many, { expectedVersion: 'any' }))
        const again = await store.append(alice, [first], { expectedVersion: 'any' })
        assert.deepEqual([succeeded(again).duplicate, succeeded(again).version], [true, 1])
      }
    },
  },
  {
    name: 'the same event id on two actors is two events',
    async run({ open }) {
      await using store = await open()
      for (const actorId of ['account-a', 'account-b'] satisfies ActorId[]) {
        const result = await store.append(actorId, [{ id: 'e-1', type: 'A', data: {} }], {
          expectedVersion: 0,
        })
        assert.equal(succeeded(result).duplicate, false)
        assert.deepEqual(await versionsOf(store, actorId), [1])
      }
    },
  },
  {
    name: 'an append of 1,000 events is one; of none or 1,001 is refused',
    async run({ open }) {
      await using store = await open()
      const events = Array.from({ length: 1_001 }, (_, n) => happened('Counted', { n }))
      await rejects('too-large', store.append(alice, events, { expectedVersion: 0 }))
      await rejects('invalid-argument', store.append(alice, [], { expectedVersion: 0 }))
      assert.equal(await store.latestVersion(alice), 0)
      const result = await store.append(alice, events.slice(1), { expectedVersion: 0 })
      assert.equal(succeeded(result).version, 1_000)
      const stored = await collect(store.read(alice))
      assert.deepEqual(
        stored.map((event) => event.data),
        events.slice(1).map((event) => event.data),
      )
    },
  },
  {
    name: 'expected versions that are no version are refused',
    async run({ open }) {
      await using store = await open()
      for (const wrong of [
        -1,
        1.5,
        '1',
        9_007_199_254_740_992,
        Number.NaN,
        'NaN',
        null,
        undefined,
        1n,
      ]) {
        const expectedVersion = wrong as ExpectedVersion
        await rejects('invalid-argument', store.append(alice, [happened('A')], { expectedVersion }))
      }
      assert.equal(await store.latestVersion(alice), 0)
    },
  },
  {
    name: 'a closed store says so, and closing twice is fine',
    async run({ open }) {
      const store = await open()
      await store.close()
      await store.close()
      await rejects('closed', store.append(alice, [happened('A')], { expectedVersion: 0 }))
      await rejects('closed', collect(store.read(alice)))
      await rejects('closed', store.latestVersion(alice))
    },
  },
  {
    name: 'closing waits for the appends under way',
    async run({ open }) {
      const store = await open()
      const results = Array.from({ length: 20 }, (_, n) =>
        store.append(`account-${n}`, [happened('A')], { expectedVersion: 0 }),
      )
      await store.close()
      for (const result of await Promise.all(results)) succeeded(result)
    },
  },
]

export function succeeded(result: AppendResult): Appended {
  assert.ok(result.ok, `expected an append to succeed: ${JSON.stringify(result)}`)
  return result
}

export async function rejects(code: string, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof AetherError, `expected ${code}, got ${String(error)}`)
    assert.equal(error.code, code, error.message)
    return true
  })
}

/** Appends commits of these sizes, one after the other. */
export async function appendInCommitsOf(
  store: EventStore,
  id: ActorId,
  sizes: readonly number[],
  startVersion = 0,
): Promise<void> {
  let version = startVersion
  for (const size of sizes) {
    const events = Array.from({ length: size }, (_, i) =>
      happened('Counted', { n: version + i + 1 }),
    )
    version = succeeded(await store.append(id, events, { expectedVersion: version })).version
  }
}
