import assert from 'node:assert/strict'
import { actorId, type ActorId } from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ConformanceCase } from '../conformance-case.ts'
import { appendInCommitsOf, rejects, succeeded } from './append-cases.ts'
import { collect, type EventStoreSubject, happened } from './subject.ts'

const alice: ActorId = 'account-alice'

export const readCases: readonly ConformanceCase<EventStoreSubject>[] = [
  {
    name: 'an actor without events is empty, at version 0',
    async run({ open }) {
      await using store = await open()
      assert.deepEqual(await collect(store.read('account-nobody')), [])
      assert.equal(await store.latestVersion('account-nobody'), 0)
      assert.deepEqual(await collect(store.readAll()), [])
    },
  },
  {
    name: 'a read from, to and with a limit gives exactly these versions, also inside a commit',
    async run({ open }) {
      await using store = await open()
      await appendInCommitsOf(store, alice, [1, 4, 2, 3])
      const versions = async (options: Parameters<EventStore['read']>[1]): Promise<number[]> =>
        (await collect(store.read(alice, options))).map((event) => event.version)
      assert.deepEqual(await versions({}), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      assert.deepEqual(await versions({ fromVersion: 3 }), [3, 4, 5, 6, 7, 8, 9, 10])
      assert.deepEqual(await versions({ fromVersion: 3, toVersion: 6 }), [3, 4, 5, 6])
      assert.deepEqual(await versions({ toVersion: 2 }), [1, 2])
      assert.deepEqual(await versions({ fromVersion: 4, limit: 3 }), [4, 5, 6])
      assert.deepEqual(await versions({ limit: 1 }), [1])
      assert.deepEqual(await versions({ limit: 0 }), [])
      assert.deepEqual(await versions({ fromVersion: 10 }), [10])
      assert.deepEqual(await versions({ fromVersion: 11 }), [])
      assert.deepEqual(await versions({ fromVersion: 5, toVersion: 4 }), [])
    },
  },
  {
    name: 'a read backwards is the forward one turned round, with every range and limit',
    async run({ open }) {
      await using store = await open()
      await appendInCommitsOf(store, alice, [1, 4, 600, 3])
      for (const [fromVersion, toVersion] of [
        [1, 608],
        [1, 5],
        [3, 606],
        [605, 608],
        [608, 608],
        [609, 700],
      ] as const) {
        const forwards = await collect(store.read(alice, { fromVersion, toVersion }))
        const backwards = { fromVersion, toVersion, direction: 'backwards' } as const
        assert.deepEqual(await collect(store.read(alice, backwards)), forwards.toReversed())
        for (const limit of [1, 2, 7, 550]) {
          assert.deepEqual(
            await collect(store.read(alice, { ...backwards, limit })),
            forwards.toReversed().slice(0, limit),
          )
        }
      }
      const [newest] = await collect(store.read(alice, { direction: 'backwards', limit: 1 }))
      assert.equal(newest?.version, 608)
      assert.deepEqual(await collect(store.read('account-nobody', { direction: 'backwards' })), [])
    },
  },
  {
    name: 'the log is filtered by actor type, key and event type, from any position',
    async run({ open }) {
      await using store = await open()
      const actors: ActorId[] = [
        'order-2026-1',
        'order-2026-2',
        'order-2025-1',
        'orders-2026-1',
        'payment-2026-1',
        'payment-a.b*c',
      ]
      for (let round = 0; round < 30; round++) {
        for (const actor of actors)
          await store.append(actor, [happened('Placed'), happened('Paid')], {
            expectedVersion: 'any',
          })
      }
      const log = await collect(store.readAll())
      const filters = [
        [{}, () => true],
        [{ actorTypes: ['order'] }, (id: string) => id.startsWith('order-')],
        [{ actorTypes: ['order', 'payment'] }, (id: string) => !id.startsWith('orders-')],
        [{ key: '2026-*' }, (id: string) => id.includes('-2026-')],
        [{ key: '*-1', actorTypes: ['order'] }, (id: string) => /^order-.*-1$/.test(id)],
        [{ key: 'a.b*c' }, (id: string) => id === 'payment-a.b*c'],
        [{ key: '2026-1' }, (id: string) => id.endsWith('-2026-1')],
        [{ eventTypes: ['Paid'] }, (_: string, type: string) => type === 'Paid'],
        [
          { eventTypes: ['Paid'], actorTypes: ['payment'] },
          (id: string, type: string) => type === 'Paid' && id.startsWith('payment-'),
        ],
        [{ actorTypes: ['nothing'] }, () => false],
      ] as const
      for (const [filter, passes] of filters) {
        const expected = log.filter((event) => passes(event.actorId, event.type))
        assert.deepEqual(await collect(store.readAll({ filter })), expected)
        const after = log[101]?.position ?? 0
        const behind = expected.filter((event) => event.position > after)
        assert.deepEqual(await collect(store.readAll({ filter, after })), behind)
        assert.deepEqual(
          await collect(store.readAll({ filter, after, limit: 5 })),
          behind.slice(0, 5),
        )
      }
      await rejects('invalid-argument', collect(store.readAll({ filter: { actorTypes: [] } })))
      await rejects('invalid-argument', collect(store.readAll({ filter: { key: '' } })))
      await rejects('invalid-actor-id', collect(store.readAll({ filter: { actorTypes: ['a b'] } })))
    },
  },
  {
    name: 'ranges that are none are refused',
    async run({ open }) {
      await using store = await open()
      for (const wrong of [-1, 1.5, Number.NaN, '1' as unknown as number]) {
        await rejects('invalid-argument', collect(store.read(alice, { fromVersion: wrong })))
        await rejects('invalid-argument', collect(store.read(alice, { limit: wrong })))
        await rejects('invalid-argument', collect(store.readAll({ after: wrong })))
      }
      await rejects('invalid-argument', collect(store.read(alice, { fromVersion: 0 })))
    },
  },
  {
    name: 'an acknowledged append is read at once, by every open store',
    async run({ open }) {
      await using one = await open()
      await using two = await open()
      for (let version = 1; version <= 200; version++) {
        succeeded(await one.append(alice, [happened('A')], { expectedVersion: version - 1 }))
        const reader = version % 2 ? one : two
        assert.equal(await reader.latestVersion(alice), version)
        const read = await collect(reader.read(alice, { fromVersion: Math.max(1, version - 2) }))
        assert.equal(read.at(-1)?.version, version)
      }
    },
  },
  {
    name: '2,500 events of one actor among others are read whole and in order',
    async run({ open }) {
      await using store = await open()
      for (let round = 0; round < 25; round++) {
        await appendInCommitsOf(store, alice, [60, 40], round * 100)
        await store.append(`other-${round % 3}`, [happened('Noise')], { expectedVersion: 'any' })
      }
      const events = await collect(store.read(alice))
      assert.deepEqual(
        events.map((event) => event.version),
        Array.from({ length: 2_500 }, (_, i) => i + 1),
      )
      assert.ok(events.every((event) => event.actorId === alice))
      assert.ok(
        events.every((event, i) => i === 0 || event.position > (events[i - 1]?.position ?? 0)),
      )
    },
  },
  {
    name: 'the log holds everything once, in order; after a position it goes on there',
    async run({ open }) {
      await using store = await open()
      const actors: ActorId[] = ['account-a', 'order-b', 'account-c']
      for (let round = 0; round < 20; round++) {
        for (const actor of actors)
          await store.append(actor, [happened('A'), happened('B')], { expectedVersion: 'any' })
      }
      const log = await collect(store.readAll())
      assert.equal(log.length, 120)
      assert.ok(log.every((event, i) => i === 0 || event.position > (log[i - 1]?.position ?? 0)))
      for (const cut of [0, 1, 2, 59, 60, 119]) {
        const after = log[cut]?.position ?? 0
        assert.deepEqual(await collect(store.readAll({ after })), log.slice(cut + 1))
        assert.deepEqual(
          await collect(store.readAll({ after, limit: 3 })),
          log.slice(cut + 1, cut + 4),
        )
      }
      assert.deepEqual(
        await collect(store.readAll({ after: (log.at(-1)?.position ?? 0) + 1_000_000 })),
        [],
      )
      for (const actor of actors) {
        assert.deepEqual(
          log.filter((event) => event.actorId === actor),
          await collect(store.read(actor)),
        )
      }
    },
  },
  {
    name: 'a read that is left early or aborted releases what it held',
    async run({ open }) {
      await using store = await open()
      await appendInCommitsOf(store, alice, [500, 500, 500, 500])
      for (let i = 0; i < 200; i++) {
        for await (const event of i % 2 ? store.read(alice) : store.readAll()) {
          assert.equal(event.version, 1)
          break
        }
        const controller = new AbortController()
        const reason = new Error('enough')
        await assert.rejects(async () => {
          for await (const event of store.read(alice, { signal: controller.signal })) {
            if (event.version === 2) controller.abort(reason)
            assert.ok(event.version <= 2)
          }
        }, reason)
      }
      await assert.rejects(collect(store.read(alice, { signal: AbortSignal.abort() })), {
        name: 'AbortError',
      })
      assert.equal((await collect(store.read(alice))).length, 2_000)
    },
  },
  {
    name: 'keys that look alike or look like commands are actors of their own',
    async run({ open }) {
      await using store = await open()
      const keys = [
        'a.b',
        'a_b',
        'a b',
        'a-b',
        'A-b',
        'a=2Eb',
        'a%2Eb',
        '.',
        '*',
        '>',
        'a.>',
        '$SYS.x',
        'cafe\u0301',
        'caf\u00e9',
        '\ufffd',
        'a\r\nPUB x 1\r\nX',
        '__proto__',
        '-0',
      ]
      const ids = keys.map((key) => actorId('thing', key))
      for (const id of ids)
        succeeded(await store.append(id, [happened('Named', { id })], { expectedVersion: 0 }))
      for (const id of ids) {
        const events = await collect(store.read(id))
        assert.deepEqual(
          events.map((event) => [event.actorId, event.data]),
          [[id, { id }]],
        )
      }
      const log = await collect(store.readAll())
      assert.deepEqual(
        log.map((event) => event.actorId),
        ids,
      )
    },
  },
  {
    name: 'ids that are none are refused',
    async run({ open }) {
      await using store = await open()
      for (const wrong of [
        '',
        'account',
        '-x',
        'account-',
        '1a-x',
        'a.b-x',
        'account-\ud800',
        `account-${'x'.repeat(201)}`,
        null,
        7,
      ]) {
        const id = wrong as ActorId
        await rejects('invalid-actor-id', store.append(id, [happened('A')], { expectedVersion: 0 }))
        await rejects('invalid-actor-id', collect(store.read(id)))
        await rejects('invalid-actor-id', store.latestVersion(id))
      }
      assert.deepEqual(await collect(store.readAll()), [])
    },
  },
  {
    name: 'data that JSON cannot hold is refused whole; what it can hold comes back identical',
    async run({ open }) {
      await using store = await open()
      const cyclic: Record<string, unknown> = {}
      cyclic.self = cyclic
      const wrong = [
        undefined,
        Number.NaN,
        Infinity,
        1n,
        Symbol('s'),
        () => 1,
        new Date(),
        new Map(),
        [undefined],
        { at: new Date() },
        { n: [Number.NaN] },
        JSON.parse('{"__proto__":1}') as unknown,
      ]
      for (const data of wrong) {
        const events = [happened('Good'), { type: 'Bad', data }]
        await rejects('invalid-json', store.append(alice, events, { expectedVersion: 0 }))
      }
      await rejects(
        'too-large',
        store.append(alice, [happened('Deep', cyclic)], { expectedVersion: 0 }),
      )
      assert.equal(await store.latestVersion(alice), 0)
      const right: unknown[] = [
        null,
        true,
        0,
        '',
        'x',
        [],
        {},
        { constructor: { prototype: { x: 1 } } },
        // oxlint-disable-next-line unicorn/no-thenable -- stored data may look like a promise
        { then: 'y', toJSON: 'x' },
        { $type: 'System.Object' },
      ]
      await store.append(
        alice,
        right.map((data) => happened('Right', data)),
        { expectedVersion: 0 },
      )
      await store.append(alice, [happened('Tidy', { gone: undefined, zero: -0 })], {
        expectedVersion: right.length,
      })
      const stored = (await collect(store.read(alice))).map((event) => event.data)
      assert.deepEqual(stored, [...right, { zero: 0 }])
    },
  },
]
