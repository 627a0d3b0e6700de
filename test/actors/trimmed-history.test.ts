import {
  actor,
  type ActorDefinition,
  type EventStore,
  exportEvents,
  importEvents,
  open,
  verifyStore,
} from 'aether'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import type { Finding } from '../../src/actors/index.ts'
import { StoreCheck } from '../../src/actors/check/store-check.ts'
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
/** Can't go on from what a {@link Counter} kept. */
const Reshaped = actor('counter', { ...definition, commands: {}, snapshots: { shape: 'two' } })
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
    await expect(node.state('plain-a')).rejects.toMatchObject(trimmed)
    await expect(node.state('plain-a', { version: 3 })).rejects.toMatchObject(trimmed)
    await expect(node.state('plain-a', { version: 8 })).rejects.toMatchObject(trimmed)
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
      for (let i = 0; i < 5; i++)
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
    expect((await ref.add({ by: 3 })).state).toEqual({ total: 33 })
    expect((await ref.add({ by: 1 }, { commandId: 'c-4' })).version).toBe(30)
    await expect(node.state('counter-a', { version: 20 })).rejects.toMatchObject({
      code: 'history-trimmed',
    })
    expect((await node.state('counter-a')).state).toEqual({ total: 33 })
  })

  test('is checked from its snapshot on, and told where new definitions have none', async () => {
    const backend = fresh()
    {
      await using store = await backend.openStore()
      await old(store, 'counter-a', 25)
      await store.append('counter-b', [young], { expectedVersion: 0 })
    }
    {
      await using node = await open({ backend, actors: [Counter] })
      for (let i = 0; i < 12; i++) await node.get(Counter, 'a').add({ by: 1 })
      const trim = () => node.events.trim({ before, keep: 'snapshot' })
      const isTrimmed = async (): Promise<boolean> =>
        (await trim()) && (await node.events.trimmedVersion('counter-a')) === 25
      await until(isTrimmed, { description: 'a snapshot of a young event' })
      await node.get(Counter, 'a').add({ by: 1 })
    }
    await using store = await backend.openStore()
    expect(await findings(store, Counter)).toEqual([])
    expect(await findings(store, Counter, Counter)).toEqual([])
    const dead = { kind: 'trimmed-history', actorId: 'counter-a', trimmedVersion: 25 }
    expect(await findings(store, Reshaped, Counter)).toEqual([dead])
    await using node = await open({ backend, actors: [Reshaped] })
    await expect(node.state('counter-a')).rejects.toMatchObject({ code: 'history-trimmed' })
    await store.append('counter-a', [{ type: 'Added', data: {} }], { expectedVersion: 38 })
    const unreadable = { kind: 'unreadable-event', actorId: 'counter-a', version: 39 }
    expect(await findings(store, Counter)).toMatchObject([unreadable])
    expect(await findings(store, Reshaped)).toMatchObject([dead, unreadable])
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
    expect((await node.state('plain-b', { version: 8 })).state).toEqual({ total: 2 })
  })

  test.each([
    ['nothing may be removed', undefined],
    ['old events may be removed', { keepForMs: 0 }],
  ])('is known as one where it is imported, and %s', async (_, retention) => {
    await using from = await fresh().openStore()
    await old(from, 'plain-a', 8)
    await from.append('plain-b', [young], { expectedVersion: 0 })
    await from.save('plain-c', { ...young, version: 7 })
    const whole = await Array.fromAsync(exportEvents(from))
    await from.trim({ before: '2020-01-01T00:00:00.006Z' })
    const lines = await Array.fromAsync(exportEvents(from))
    await from.trim({ before })
    const later = await Array.fromAsync(exportEvents(from))

    const backend = source.fresh(retention && { retention })
    await using store = await backend.openStore()
    await importEvents(store, lines)
    expect(await trimmedVersions(store)).toEqual([5, 0, 0])
    const findings = await Array.fromAsync(verifyStore(store))
    expect(findings).toMatchObject([{ kind: 'trimmed-history', actorId: 'plain-a', version: 6 }])
    // Less is left there now, which is here already; and it is passed on as it is.
    expect(await importEvents(store, later)).toMatchObject({ imported: 0, present: 3 })
    const again = await Array.fromAsync(exportEvents(store))
    expect(again.map(withoutPosition)).toEqual(lines.map(withoutPosition))
    // What was there before is not forgotten for what came later.
    await using other = await source.fresh(retention && { retention }).openStore()
    await importEvents(other, whole)
    await importEvents(other, lines)
    expect(await trimmedVersions(other)).toEqual([0, 0, 0])

    await using node = await open({ backend, actors: [Plain] })
    await expect(node.get(Plain, 'a').add({ by: 1 })).rejects.toMatchObject({
      code: 'history-trimmed',
    })
    expect((await node.get(Plain, 'c').add({ by: 1 })).state).toEqual({ total: 2 })
  })

  test('is told where it is trimmed while it is exported: no gap goes out silently', async () => {
    await using from = await fresh().openStore()
    const data = { by: 1, padding: 'x'.repeat(100_000) }
    for (let version = 1; version <= 100; version++)
      await from.save('plain-a', { version, time: before, type: 'Added', data })
    await from.append('plain-a', [young], { expectedVersion: 100 })
    const versions: number[] = []
    const exporting = (async () => {
      for await (const line of exportEvents(from)) {
        versions.push(Number((JSON.parse(line) as { aetherversion: string }).aetherversion))
        if (versions.length === 2) await from.trim()
      }
    })()
    const end = await exporting.catch((error: unknown) => error)
    expect(versions).toEqual(versions.map((_, index) => index + 1))
    // What was read before it was removed may be exported all the same.
    if (versions.length < 100)
      expect(end).toMatchObject({
        code: 'history-trimmed',
        message: expect.stringContaining(`from version ${versions.length + 1} to 100 were removed`),
      })
  })

  test('is not imported behind a part of it that misses what was removed', async () => {
    await using from = await fresh().openStore()
    await old(from, 'plain-a', 4)
    await using to = await source.fresh().openStore()
    await importEvents(to, exportEvents(from))
    await from.save(
      'plain-a',
      [5, 6].map((version) => ({ ...young, version, time: before })),
    )
    await from.append('plain-a', [young], { expectedVersion: 6 })
    await from.trim()
    await expect(importEvents(to, exportEvents(from))).rejects.toMatchObject({
      code: 'import-refused',
      line: 1,
      message: expect.stringContaining('its versions 5 to 6 were removed where this comes from'),
    })
    expect(await to.latestVersion('plain-a')).toBe(4)
  })
})

function findings(
  store: EventStore,
  definition: ActorDefinition,
  older?: ActorDefinition,
): Promise<Finding[]> {
  const logger = { debug() {}, info() {}, warn() {}, error() {} }
  const check = new StoreCheck(store, [definition], { against: older ? [older] : [], logger })
  return Array.fromAsync(check.findings())
}

const young = { type: 'Added', data: { by: 1 } }

function trimmedVersions(store: EventStore): Promise<number[]> {
  const actors = ['plain-a', 'plain-b', 'plain-c'] as const
  return Promise.all(actors.map((actorId) => store.trimmedVersion(actorId)))
}

function withoutPosition(line: string): string {
  return line.replace(/"aetherposition":"\d+"/, '')
}
