import { isDeepStrictEqual } from 'node:util'
import { actor, type Backend, type EventRead, type EventStore, open } from 'aether'
import { memory } from 'aether/memory'
import { VirtualClock } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { laterTime } from '../support/later-time.ts'
import { until } from '../support/until.ts'

function counter(shape: string, every = 10) {
  return actor('counter', {
    state: { total: 0 },
    events: { Added: z.object({ by: z.number() }) },
    evolve: { Added: (s, e) => ({ total: s.total + e.by }) },
    commands: {
      add: { input: z.object({ by: z.number() }), decide: (_s, c, on) => on.Added(c) },
    },
    snapshots: { every, shape },
  })
}
const Counter = counter('one')

/** What was read of events, and asked for and kept of states. */
interface Seen {
  read: number
  readonly asked: string[]
  readonly kept: number[]
  /** Of which events the kept ones are, as they say. */
  readonly events: (string | undefined)[]
}

/** The same backend, counting it. */
function counting(backend: Backend): Backend & { readonly seen: Seen } {
  const seen: Seen = { read: 0, asked: [], kept: [], events: [] }
  return {
    name: backend.name,
    seen,
    async openStore(options) {
      const store = await backend.openStore(options)
      const read = (...args: Parameters<EventStore['read']>): EventRead => ({
        async *[Symbol.asyncIterator]() {
          for await (const event of store.read(...args)) {
            seen.read++
            yield event
          }
        },
        async toArray() {
          const events = await store.read(...args).toArray()
          seen.read += events.length
          return events
        },
      })
      const loadSnapshot: EventStore['loadSnapshot'] = (actorId, options) => {
        seen.asked.push(actorId)
        return store.loadSnapshot(actorId, options)
      }
      const saveSnapshot: EventStore['saveSnapshot'] = async (actorId, snapshot) => {
        const isSaved = await store.saveSnapshot(actorId, snapshot)
        seen.kept.push(snapshot.version)
        seen.events.push(snapshot.eventId)
        return isSaved
      }
      return new Proxy(store, {
        get(target, name) {
          if (name === 'read') return read
          if (name === 'loadSnapshot') return loadSnapshot
          if (name === 'saveSnapshot') return saveSnapshot
          const member: unknown = Reflect.get(target, name)
          return typeof member === 'function' ? (member.bind(target) as unknown) : member
        },
      })
    },
  }
}

async function filled(backend: ReturnType<typeof counting>, definition = Counter): Promise<void> {
  await using node = await open({ backend, actors: [definition] })
  for (let i = 1; i <= 25; i++)
    await node.get(definition, 'a').add({ by: i }, { commandId: `c-${i}` })
  await until(() => backend.seen.kept.includes(20), { description: 'the second snapshot' })
}

describe('a state that is kept', () => {
  test('spares reading the events before it, and changes nothing else', async () => {
    const backend = counting(memory())
    await filled(backend)
    expect(backend.seen.kept).toEqual([10, 20])
    backend.seen.read = 0
    await using node = await open({ backend, actors: [Counter] })
    expect((await node.state(node.get(Counter, 'a'))).state.total).toBe(325)
    expect(backend.seen.read).toBe(5)
    const { version, state } = await node.get(Counter, 'a').add({ by: 1 })
    expect({ version, state }).toEqual({ version: 26, state: { total: 326 } })
  })

  test('holds the commands that were carried out, so they are known as before', async () => {
    const backend = counting(memory())
    await filled(backend)
    await using node = await open({ backend, actors: [Counter] })
    const again = await node.get(Counter, 'a').add({ by: 3 }, { commandId: 'c-3' })
    expect(again).toMatchObject({ version: 3, state: { total: 6 } })
    const last = await node.get(Counter, 'a').add({ by: 25 }, { commandId: 'c-25' })
    expect(last).toMatchObject({ version: 25, state: { total: 325 } })
    expect(await node.events.latestVersion('counter-a')).toBe(25)
  })

  test('says of which event it is, so that nobody looks it up', async () => {
    const backend = counting(memory())
    await filled(backend)
    await using node = await open({ backend, actors: [Counter] })
    const ids = (await node.events.read('counter-a').toArray()).map(({ id }) => id)
    expect(backend.seen.events).toEqual([ids[9], ids[19]])
  })

  test('is left alone for a while, however much comes, and then the newest one is kept', async () => {
    const backend = counting(memory())
    const clock = new VirtualClock()
    await using node = await open({ backend, actors: [Counter], clock })
    const [hot, other] = [node.get(Counter, 'hot'), node.get(Counter, 'other')]
    const kept = (versions: number[]) =>
      until(() => isDeepStrictEqual(backend.seen.kept, versions), {
        description: `${versions.join()} are kept`,
      })
    for (let i = 0; i < 10; i++) await hot.add({ by: 1 })
    await kept([10])
    for (let i = 0; i < 1_000; i++) await hot.add({ by: 1 })
    for (let i = 0; i < 11; i++) await other.add({ by: 1 })
    await kept([10, 10])
    await clock.advance(99)
    await kept([10, 10])
    await clock.advance(1)
    await kept([10, 10, 1_010])
    await clock.advance(1_000)
    for (let i = 0; i < 10; i++) await hot.add({ by: 1 })
    await kept([10, 10, 1_010, 1_020])
  })

  test('shows the past as it was', async () => {
    const backend = counting(memory())
    await filled(backend)
    await using node = await open({ backend, actors: [Counter] })
    for (const [version, total] of [
      [1, 1],
      [19, 190],
      [20, 210],
      [22, 253],
    ] as const)
      expect((await node.state(node.get(Counter, 'a'), { version })).state.total).toBe(total)
    const beyond = node.state(node.get(Counter, 'a'), { version: 26 })
    await expect(beyond).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('is not used by a definition of another shape, which keeps its own', async () => {
    const backend = counting(memory())
    await filled(backend)
    backend.seen.read = 0
    const Other = counter('two')
    await using node = await open({ backend, actors: [Other] })
    expect((await node.state(node.get(Other, 'a'))).state.total).toBe(325)
    expect(backend.seen.read).toBe(25)
    for (let i = 0; i < 6; i++) await node.get(Other, 'a').add({ by: 0 })
    await until(() => backend.seen.kept.length === 3, { description: 'a snapshot of its own' })
  })

  test('is not used by code that knows more of an event than the code that kept it', async () => {
    const added = <S extends z.ZodType<{ by: number; why?: string | undefined }>>(Added: S) =>
      actor('counter', {
        state: { all: [] as readonly unknown[] },
        events: { Added },
        evolve: { Added: (s, e) => ({ all: [...s.all, e] }) },
        commands: { add: { input: Added, decide: (_s, c, on) => on.Added(c as never) } },
        snapshots: { every: 2 },
      })
    const Old = added(z.object({ by: z.number() }))
    const New = added(z.object({ by: z.number(), why: z.string().optional() }))
    const backend = counting(memory())
    // In the middle of a deploy: what the old code doesn't know of an event, it leaves out.
    await using newer = await open({ backend, actors: [New] })
    await using older = await open({ backend, actors: [Old] })
    await newer.get(New, 'a').add({ by: 1, why: 'a gift' })
    await older.get(Old, 'a').add({ by: 2 })
    await until(() => backend.seen.kept.includes(2), { description: 'a snapshot' })
    await using next = await open({ backend, actors: [New] })
    expect((await next.state(next.get(New, 'a'))).state).toEqual({
      all: [{ by: 1, why: 'a gift' }, { by: 2 }],
    })
  })

  test('is another shape where evolve, an event, its schema or the first state is another one', () => {
    const base = {
      state: { n: 0 },
      events: { A: z.object({}) },
      evolve: { A: (s: { n: number }) => ({ n: s.n + 1 }) },
      commands: {},
    }
    const shapes = [
      actor('x', base),
      actor('x', { ...base, state: { n: 1 } }),
      actor('x', { ...base, evolve: { A: (s: { n: number }) => ({ n: s.n + 2 }) } }),
      actor('x', { ...base, events: { A: z.object({ a: z.string().optional() }) } }),
      actor('x', { ...base, events: { A: z.object({ a: z.string().default('') }) } }),
      actor('x', { ...base, events: { A: z.object({ a: z.string().transform(Number) }) } }),
      actor('x', {
        ...base,
        events: { A: z.object({ a: z.string().transform(Number), b: z.null() }) },
      }),
      actor('x', { ...base, snapshots: { shape: 'b' } }),
    ].map(({ model }) => model.shape)
    expect(new Set(shapes).size).toBe(shapes.length)
    expect(actor('x', { ...base }).model.shape).toBe(shapes[0])
  })

  test('that can not be kept harms no command', async () => {
    const told: string[] = []
    const tell = (_fields: object, message: string): void => void told.push(message)
    const logger = { debug: tell, info: tell, warn: tell, error: tell }
    const whole = memory()
    const backend: Backend = {
      name: 'failing',
      async openStore(options) {
        const store = await whole.openStore(options)
        store.saveSnapshot = async () => {
          throw new Error('no room')
        }
        return store
      },
    }
    await using node = await open({ backend, actors: [Counter], logger })
    for (let i = 1; i <= 12; i++) await node.get(Counter, 'a').add({ by: 1 })
    await until(() => told.length > 0, { description: 'the warning' })
    expect(told).toEqual(['the state of counter-a was not kept: no room'])
  })

  test('is none where none is wanted', async () => {
    const backend = counting(memory())
    const Bare = counter('one', 0)
    await using node = await open({ backend, actors: [Bare] })
    for (let i = 1; i <= 120; i++) await node.get(Bare, 'a').add({ by: 1 })
    expect(backend.seen.kept).toEqual([])
  })

  test('is kept as well where replaying took long', async () => {
    const backend = counting(memory())
    await using first = await open({ backend, actors: [Counter], limits: { longReplayMs: 1e9 } })
    await first.get(Counter, 'a').add({ by: 1 })
    await using second = await open({ backend, actors: [Counter], limits: { longReplayMs: 1e9 } })
    await second.get(Counter, 'a').add({ by: 1 })
    expect(backend.seen.kept).toEqual([])
    await using third = await open({ backend, actors: [Counter], limits: { longReplayMs: 0 } })
    await third.get(Counter, 'a').add({ by: 1 })
    await until(() => backend.seen.kept.includes(2), { description: 'a snapshot' })
  })
})

describe('an actor that had no state kept, and few events', () => {
  /** A node in which an actor is let go as soon as others are asked. */
  const forgetful = async (backend: Backend) => {
    const node = await open({ backend, actors: [Counter], limits: { liveActors: 1 } })
    const ask = (key: string) => node.get(Counter, key).add({ by: 1 })
    return {
      ask,
      /** Asks it once it was let go. */
      askAgain: async (key: string) => {
        for (let i = 0; i < 3; i++) await ask(`other-${i}`)
        return ask(key)
      },
      events: node.events,
      [Symbol.asyncDispose]: () => node.close(),
    }
  }

  test('is loaded again without looking for one', async () => {
    const backend = counting(memory())
    await using node = await forgetful(backend)
    for (let version = 1; version <= 3; version++) await node.ask('a')
    backend.seen.read = 0
    const { state } = await node.askAgain('a')
    expect(state.total).toBe(4)
    expect(backend.seen.read).toBe(3)
    expect(backend.seen.asked.filter((id) => id === 'counter-a')).toHaveLength(1)
  })

  test('is looked up again once one was kept here', async () => {
    const backend = counting(memory())
    await using node = await forgetful(backend)
    for (let version = 1; version <= 12; version++) await node.ask('a')
    await until(() => backend.seen.kept.includes(10), { description: 'the snapshot' })
    backend.seen.read = 0
    expect((await node.askAgain('a')).state.total).toBe(13)
    expect(backend.seen.read).toBe(2)
  })

  test('is looked up again where another node has gone on with it', async () => {
    const backend = counting(memory())
    await using node = await forgetful(backend)
    await node.ask('a')
    await using other = await open({ backend, actors: [Counter] })
    for (let version = 2; version <= 25; version++) await other.get(Counter, 'a').add({ by: 1 })
    await until(() => backend.seen.kept.includes(20), { description: 'the snapshots' })
    backend.seen.read = 0
    expect((await node.askAgain('a')).state.total).toBe(26)
    // As many as would have been few, and those behind the snapshot.
    expect(backend.seen.read).toBe(10 + 5)
  })

  test('is looked up again where its first events are gone', async () => {
    const backend = counting(memory({ retention: { keepForMs: 0 } }))
    await using node = await forgetful(backend)
    for (let version = 1; version <= 3; version++) await node.ask('a')
    await laterTime()
    const limits = { longReplayMs: 0 }
    await using other = await open({ backend, actors: [Counter], limits })
    await other.get(Counter, 'a').add({ by: 1 })
    await until(() => backend.seen.kept.includes(3), { description: 'the snapshot' })
    await laterTime()
    // All but the event of the snapshot and the newest.
    expect(await node.events.trim()).toMatchObject({ removed: 2 })
    expect((await node.askAgain('a')).state.total).toBe(5)
  })
})
