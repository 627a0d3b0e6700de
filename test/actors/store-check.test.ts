import { actor, type ActorDefinition, event, type EventStore } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { Finding } from '../../src/actors/index.ts'
import { StoreCheck } from '../../src/actors/check/store-check.ts'
import { backendKinds } from '../support/backend-kinds.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const state = { total: 0 }
const Counter = actor('counter', {
  state,
  events: { Added: z.object({ by: z.number() }) },
  evolve: { Added: (s, e) => ({ total: s.total + e.by }) },
  commands: {},
})

const added = (by: unknown) => ({ type: 'Added', data: { by } })

async function checked(
  store: EventStore,
  definitions: readonly ActorDefinition[],
  against: readonly ActorDefinition[] = [],
): Promise<{ found: Finding[]; events: number; actors: number }> {
  const check = new StoreCheck(store, definitions, { against, logger: silent })
  const found = await Array.fromAsync(check.findings())
  return { found, events: check.events, actors: check.actors }
}

/** A store with these events of one counter after the other. */
async function stored(counters: Readonly<Record<string, readonly object[]>>): Promise<EventStore> {
  const store = await memory().openStore()
  for (const [key, events] of Object.entries(counters))
    await store.append(`counter-${key}`, events as ReturnType<typeof added>[], {
      expectedVersion: 0,
    })
  return store
}

describe('a check of what is stored', () => {
  test('finds nothing where all is well, also in versions that are not consecutive', async () => {
    const store = await stored({ a: [added(1), added(2)], b: [added(3)] })
    await store.save('counter-c', { version: 5, ...added(1) })
    await store.save('counter-c', { version: 9, ...added(1) })
    expect(await checked(store, [Counter])).toEqual({ found: [], events: 5, actors: 3 })
  })

  test('finds each event that does not match its schema, also behind the first', async () => {
    const store = await stored({ a: [added(1), added('x'), added(2), added('y')], b: [added(3)] })
    const { found } = await checked(store, [Counter])
    const why = expect.stringMatching(/Added does not match its schema: by: /)
    const common = { kind: 'unreadable-event', actorId: 'counter-a', type: 'Added', why }
    expect(found).toEqual([
      { ...common, version: 2, position: 2 },
      { ...common, version: 4, position: 4 },
    ])
  })

  test('finds upcasts that throw, and events that are of a version nobody knows', async () => {
    const Upcasting = actor('counter', {
      state,
      events: {
        Added: event(z.object({ by: z.number() }), {
          upcast: [
            () => {
              throw new Error('upcast is broken')
            },
          ],
        }),
      },
      evolve: { Added: (s) => s },
      commands: {},
    })
    const newer = { ...added(1), metadata: { eventVersion: '3' } }
    const { found } = await checked(await stored({ a: [added(1), newer] }), [Upcasting])
    expect(found).toMatchObject([
      { version: 1, why: 'its upcast threw: upcast is broken' },
      { version: 2, why: expect.stringContaining('it is of version 3') },
    ])
  })

  test('finds folds that throw, once an actor', async () => {
    const Picky = actor('counter', {
      state,
      events: { Added: z.object({ by: z.number() }) },
      evolve: {
        Added: (_s, e) => {
          if (e.by > 1) throw new Error('too much')
          return { total: 1 }
        },
      },
      commands: {},
    })
    const store = await stored({ a: [added(1), added(2), added(3)], b: [added(4)] })
    const { found } = await checked(store, [Picky])
    const common = { kind: 'failing-fold', type: 'Added', why: 'too much' }
    expect(found).toEqual([
      { ...common, actorId: 'counter-a', version: 2, position: 2 },
      { ...common, actorId: 'counter-b', version: 1, position: 4 },
    ])
  })

  test('counts types of events and of actors that nobody knows; retired ones are known', async () => {
    const store = await stored({ a: [added(1), { type: 'Reset', data: {} }] })
    for (const key of ['x', 'y'])
      await store.append(`door-${key}`, [{ type: 'Opened', data: {} }], { expectedVersion: 0 })
    await store.append('counter-b', [{ type: 'Reset', data: {} }], { expectedVersion: 0 })
    expect((await checked(store, [Counter])).found).toEqual([
      { kind: 'unknown-actor-type', actorType: 'door', events: 2, firstPosition: 3 },
      { kind: 'unknown-event', actorType: 'counter', type: 'Reset', events: 2, firstPosition: 2 },
    ])
    const Retired = actor('counter', {
      state,
      events: { Added: z.object({ by: z.number() }) },
      evolve: { Added: (s) => s },
      retired: ['Reset'],
      commands: {},
    })
    const Door = actor('door', {
      state: 0,
      events: { Opened: z.object({}) },
      evolve: { Opened: (s) => s },
      commands: {},
    })
    expect((await checked(store, [Retired, Door])).found).toEqual([])
  })

  test('finds actors whose state was another one by older definitions', async () => {
    const Doubling = actor('counter', {
      state,
      events: { Added: z.object({ by: z.number() }) },
      evolve: { Added: (s, e) => ({ total: s.total + (e.by > 1 ? 2 * e.by : e.by) }) },
      commands: {},
    })
    const store = await stored({ a: [added(1)], b: [added(1), added(2)] })
    expect((await checked(store, [Doubling], [Counter])).found).toEqual([
      {
        kind: 'changed-state',
        actorId: 'counter-b',
        version: 2,
        before: { total: 3 },
        after: { total: 5 },
      },
    ])
    expect((await checked(store, [Counter], [Counter])).found).toEqual([])
  })
})

describe('a kept state', () => {
  const keep = (store: EventStore, version: number, total: number, shape = Counter.model.shape) =>
    store.saveSnapshot('counter-a', { version, shape, state: { state: { total }, commands: [] } })

  test('that is what its events give is fine, as is a wrong one of another shape', async () => {
    const store = await stored({ a: [added(1), added(2), added(3)] })
    await keep(store, 1, 7, 'other')
    expect((await checked(store, [Counter])).found).toEqual([])
    await keep(store, 2, 3)
    expect((await checked(store, [Counter])).found).toEqual([])
  })

  test('that differs from what its events give is found, once', async () => {
    const store = await stored({ a: [added(1), added(2), added(3)] })
    await keep(store, 2, 4)
    expect((await checked(store, [Counter])).found).toEqual([
      {
        kind: 'wrong-snapshot',
        actorId: 'counter-a',
        version: 2,
        why: 'it is another state than its events give',
      },
    ])
  })

  test('from which an actor would go on wrongly is found', async () => {
    const Lossy = actor('counter', {
      state: { last: undefined as number | undefined },
      events: { Added: z.object({ by: z.number() }) },
      evolve: {
        Added: (s, e) => ({ last: e.by > 1 ? ('last' in s ? 1 : 2) : undefined }),
      },
      commands: {},
    })
    const store = await stored({ a: [added(1), added(2)] })
    const { shape } = Lossy.model
    const kept = { state: {}, commands: [] }
    await store.saveSnapshot('counter-a', { version: 1, shape, state: kept })
    expect((await checked(store, [Lossy])).found).toMatchObject([
      { kind: 'wrong-snapshot', version: 1, why: expect.stringContaining('at version 2') },
    ])
  })
})

describe.each(backendKinds)('on $name', ({ start }) => {
  test('everything stored is checked, actor by actor, past what can not be read', async () => {
    await using source = await start()
    await using store = await source.fresh().openStore()
    for (const key of ['a', 'b', 'c'])
      await store.append(`counter-${key}`, [added(1), added('x'), added(2)], { expectedVersion: 0 })
    await store.save('counter-d', { version: 7, ...added(1) })
    const { found, events, actors } = await checked(store, [Counter])
    expect(found.map((finding) => 'actorId' in finding && finding.actorId)).toEqual([
      'counter-a',
      'counter-b',
      'counter-c',
    ])
    expect([events, actors]).toEqual([10, 4])
  })
})
