import { actor, type EventStore, open } from 'aether'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { until } from '../support/until.ts'

const definition = {
  state: { total: 0 },
  events: { Added: z.object({ by: z.number() }) },
  evolve: {
    Added: (state: { total: number }, event: { by: number }) => ({ total: state.total + event.by }),
  },
}
const Counter = actor('counter', {
  ...definition,
  commands: {
    add: { input: z.object({ by: z.number() }), decide: (_s, c, on) => on.Added(c) },
  },
  snapshots: { every: 10, shape: 'one' },
})
const Plain = actor('plain', {
  ...definition,
  commands: {
    add: { input: z.object({ by: z.number() }), decide: (_s, c, on) => on.Added(c) },
  },
  snapshots: { every: 0 },
})

const before = '2026-01-01T00:00:00.000Z'

describe.each(backendKinds)('a trimmed history: $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  const fresh = () => source.fresh({ retention: { keepForMs: 0 } })

  async function old(store: EventStore, actorId: `${string}-${string}`, count: number) {
    for (let version = 1; version <= count; version++) {
      const time = new Date(Date.UTC(2020, 0, 1) + version).toISOString()
      await store.save(actorId, { version, time, type: 'Added', data: { by: 1 } })
    }
  }

  test('without a snapshot is an error, never a wrong state', async () => {
    const backend = fresh()
    {
      await using store = await backend.openStore()
      await old(store, 'plain-a', 8)
      await store.trim({ before })
    }
    await using node = await open({ backend, actors: [Plain] })
    const trimmed = {
      code: 'history-trimmed',
      message: `plain-a can't be replayed behind version 0: its events up to version 7 were removed, and no snapshot covers them`,
    }
    const ref = node.get(Plain, 'a')
    await expect(ref.add({ by: 1 })).rejects.toMatchObject(trimmed)
    await expect(node.look('plain-a')).rejects.toMatchObject(trimmed)
    await expect(node.look('plain-a', { version: 3 })).rejects.toMatchObject(trimmed)
    await expect(node.look('plain-a', { version: 8 })).rejects.toMatchObject(trimmed)
    expect(await node.events.latestVersion('plain-a')).toBe(8)
  })

  test('with a snapshot behind it lives on, and only the past is gone', async () => {
    const backend = fresh()
    {
      await using store = await backend.openStore()
      await old(store, 'counter-a', 25)
    }
    {
      await using node = await open({ backend, actors: [Counter] })
      for (let i = 0; i < 12; i++)
        await node.get(Counter, 'a').add({ by: 1 }, { commandId: `c-${i}` })
      // Not before there is a snapshot behind them.
      const trim = () => node.events.trim({ before, keep: 'snapshot' })
      await until(
        async () => (await trim()) && (await node.events.trimmedVersion('counter-a')) === 25,
        {
          description: 'a snapshot of a young event',
        },
      )
    }
    await using node = await open({ backend, actors: [Counter] })
    const ref = node.get(Counter, 'a')
    expect((await ref.add({ by: 3 })).state).toEqual({ total: 40 })
    expect((await ref.add({ by: 1 }, { commandId: 'c-11' })).version).toBe(37)
    await expect(node.look('counter-a', { version: 20 })).rejects.toMatchObject({
      code: 'history-trimmed',
    })
    expect((await node.look('counter-a')).state).toEqual({ total: 40 })
  })

  test('a gap of versions of one’s own is replayed as before', async () => {
    const backend = fresh()
    {
      await using store = await backend.openStore()
      for (const version of [3, 7, 9])
        await store.save('plain-b', { version, type: 'Added', data: { by: 1 } })
    }
    await using node = await open({ backend, actors: [Plain] })
    expect((await node.get(Plain, 'b').add({ by: 1 })).state).toEqual({ total: 4 })
    expect((await node.look('plain-b', { version: 8 })).state).toEqual({ total: 2 })
  })
})
