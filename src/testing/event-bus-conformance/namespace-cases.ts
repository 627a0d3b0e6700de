import assert from 'node:assert/strict'
import type { ConformanceCase } from '../conformance-case.ts'
import { type EventBusSubject, hear, openPair, settle, typesOf, until } from './subject.ts'

/** Who hears what: by namespace, type and actor. */
export const namespaceCases: readonly ConformanceCase<EventBusSubject>[] = [
  {
    name: 'a message comes as it was published, and is given back so',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const heard = hear(there.bus, 'shop.orders')
      await settle(here, there)
      const data = { 'süß "\\u0000"': [1, -1.5e-300, null, true, '\u0000\u2028🐚'], '': {} }
      const metadata = { correlationId: 'c', 'a b': 'ü' }
      const published = here.bus.publish({
        namespace: 'shop.orders',
        type: 'Placed',
        actorId: 'order-ä.*>/ 1',
        data,
        metadata,
      })
      await until(() => heard.length > 0, 'the message comes')
      assert.deepEqual(heard, [published])
      const { id, time, ...rest } = published
      const given = { namespace: 'shop.orders', type: 'Placed', actorId: 'order-ä.*>/ 1' }
      assert.deepEqual(rest, { ...given, data, metadata })
      assert.equal(new Date(time).toISOString(), time)
      assert.notEqual(here.bus.publish({ namespace: 'shop.orders', type: 'Placed' }).id, id)
      await until(() => heard.length > 1, 'the second comes')
      assert.deepEqual(heard[1]?.data, null)
      assert.deepEqual(heard[1]?.metadata, {})
      assert.ok(!('actorId' in (heard[1] ?? {})))
    },
  },
  {
    name: 'a name is exact, * is one part, > is the rest',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const namespaces = ['shop', 'shop.orders', 'shop.orders.eu', 'shop-2.orders', 'Shop.orders']
      const expected: Record<string, string[]> = {
        shop: ['shop'],
        'shop.orders': ['shop.orders'],
        '*': ['shop'],
        'shop.*': ['shop.orders'],
        '*.orders': ['shop.orders', 'shop-2.orders', 'Shop.orders'],
        '*.*': ['shop.orders', 'shop-2.orders', 'Shop.orders'],
        'shop.>': ['shop.orders', 'shop.orders.eu'],
        '*.orders.>': ['shop.orders.eu'],
        '*.*.*': ['shop.orders.eu'],
        '>': namespaces,
        'shop.orders.eu.>': [],
      }
      const heard = Object.keys(expected).map((pattern) => hear(there.bus, pattern))
      await settle(here, there)
      for (const namespace of namespaces) here.bus.publish({ namespace, type: 'A' })
      await until(() => heard[9]?.length === namespaces.length, 'the last one comes')
      assert.deepEqual(
        heard.map((messages) => messages.map((message) => message.namespace)),
        Object.values(expected),
      )
    },
  },
  {
    name: 'types and actors are filtered, whatever they are called',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const types = ['Placed', 'placed', 'a.b', '*', '>', 'ü', '=', '-', 'Placed.x y']
      const byType = types.map((type) => hear(there.bus, { namespace: '>', eventTypes: [type] }))
      const some = hear(there.bus, { namespace: 'n', eventTypes: ['a.b', '*', 'a.b'] })
      const many = hear(there.bus, {
        namespace: 'n',
        eventTypes: [...types, ...Array.from({ length: 30 }, (_, index) => `T${index}`)],
      })
      const all = hear(there.bus)
      await settle(here, there)
      for (const type of types) here.bus.publish({ namespace: 'n', type })
      await until(() => all.length === types.length, 'the last one comes')
      assert.deepEqual(byType.flatMap(typesOf), types)
      assert.ok(byType.every((messages) => messages.length === 1))
      assert.deepEqual(typesOf(some), ['a.b', '*'])
      assert.deepEqual(typesOf(many), types)
    },
  },
  {
    name: 'an actor is filtered by its type and its key; a message without one passes neither',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const namespace = 'n'
      const orders = hear(there.bus, { namespace, actorTypes: ['order'] })
      const both = hear(there.bus, { namespace, actorTypes: ['order', 'stock', 'order'] })
      const keys = hear(there.bus, { namespace, key: '2026-*-x' })
      const exact = hear(there.bus, { namespace, actorTypes: ['stock'], key: '2026-1-x' })
      const all = hear(there.bus, { namespace })
      await settle(here, there)
      const ids = [
        'order-1',
        'order-2026-1-x',
        'stock-2026-1-x',
        'stock-2026-1-xy',
        'orders-1',
      ] as const
      here.bus.publish({ namespace, type: 'none' })
      for (const actorId of ids) here.bus.publish({ namespace, type: actorId, actorId })
      await until(() => all.length === ids.length + 1, 'the last one comes')
      assert.deepEqual(typesOf(all), ['none', ...ids])
      assert.deepEqual(typesOf(orders), ids.slice(0, 2))
      assert.deepEqual(typesOf(both), ids.slice(0, 4))
      assert.deepEqual(typesOf(keys), ids.slice(1, 3))
      assert.deepEqual(typesOf(exact), ids.slice(2, 3))
    },
  },
  {
    name: 'what is not a name, a pattern, a type, an actor or JSON is refused, and nobody hears of it',
    async run(subject) {
      await using pair = await openPair(subject)
      const { here, there } = pair
      const heard = hear(there.bus)
      await settle(here, there)
      const good = { namespace: 'shop', type: 'A' }
      const bad: Record<string, object[]> = {
        'invalid-argument': [
          ...['', '.', 'a.', '.a', 'a..b', 'a.*', '>', 'a b', 'ü', 'a/b', 'x'.repeat(201)].map(
            (namespace) => ({ namespace }),
          ),
          { namespace: Array.from({ length: 17 }, () => 'a').join('.') },
          { namespace: undefined },
          ...['', 'x'.repeat(201), '\ud800', 1, undefined].map((type) => ({ type })),
          { metadata: { a: 1 } },
        ],
        'invalid-actor-id': [
          { actorId: 'order' },
          { actorId: '-1' },
          { actorId: 'order-' },
          { actorId: ['order-1'] },
        ],
        'invalid-json': [{ data: Number.NaN }, { data: [1n] }, { data: { at: new Date() } }],
      }
      for (const [code, changes] of Object.entries(bad))
        for (const change of changes)
          assert.throws(() => here.bus.publish({ ...good, ...change }), { code })
      for (const pattern of ['', 'a.', '>.a', 'a.>.b', 'a*', 'a.**', 'a >', '.>'])
        assert.throws(() => here.bus.subscribe(pattern, () => {}), { code: 'invalid-argument' })
      const filters = [{}, { namespace: 'a', eventTypes: [] }, { namespace: 'a', key: '' }]
      for (const filter of filters)
        assert.throws(() => here.bus.listen(filter as { namespace: string }), {
          code: 'invalid-argument',
        })
      for (const options of [{ bufferSize: 0 }, { bufferSize: 1.5 }, { whenFull: 'wait' }])
        assert.throws(() => here.bus.subscribe('a', () => {}, options as object), {
          code: 'invalid-argument',
        })
      here.bus.publish({ ...good, type: 'last' })
      await until(() => heard.length > 0, 'the last one comes')
      assert.deepEqual(typesOf(heard), ['last'])
      assert.equal(here.bus.counters.published, 1)
    },
  },
]
