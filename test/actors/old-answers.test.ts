import { actor, type ActorId, type Backend, type EventStore, open, type ReadOptions } from 'aether'
import { memory } from 'aether/memory'
import { VirtualClock } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'

function tally(every: number) {
  return actor('tally', {
    state: 0,
    events: { Added: z.number() },
    evolve: { Added: (total, by) => total + by },
    commands: {
      add: { input: z.number(), decide: (_total, by, on) => on.Added(by) },
      addMany: {
        input: z.number(),
        decide: (_total, count, on) => Array.from({ length: count }, () => on.Added(1)),
      },
      atLeast: { input: z.number(), decide: (total, n, on) => (total < n ? on.Added(n) : []) },
    },
    snapshots: { every },
  })
}

describe('an old command that comes again to a large actor', () => {
  test('is answered from the state that was kept before it', async () => {
    const reads: number[] = []
    const kept: number[] = []
    const Tally = tally(100)
    await using node = await open({ backend: seen(memory(), reads, kept), actors: [Tally] })
    const large = node.get(Tally, 'a')
    await large.addMany(1_000)
    await until(() => kept.includes(1_000), { description: 'a kept state' })
    const first = await large.add(5, { commandId: 'old' })
    await large.add(1)
    reads.length = 0
    expect(await large.add(5, { commandId: 'old' })).toEqual(first)
    expect(reads).toEqual([1_001])
  })

  test('has it replayed once, whatever happens in between and how often it rests', async () => {
    const reads: number[] = []
    const Tally = tally(0)
    const clock = new VirtualClock()
    await using node = await open({ backend: seen(memory(), reads), actors: [Tally], clock })
    const large = node.get(Tally, 'a')
    await large.addMany(1_000)
    const first = await large.add(5, { commandId: 'old' })
    const eventless = await large.atLeast(1_000, { commandId: 'none' })
    await large.add(1)
    reads.length = 0
    for (let time = 0; time < 3; time++) {
      await large.add(1)
      expect(await large.add(5, { commandId: 'old' })).toEqual(first)
      expect(await large.atLeast(1_000, { commandId: 'none' })).toEqual(eventless)
    }
    expect(reads).toEqual([1])
    // What it was answered from isn't kept for ever; but all before the oldest command is known.
    await clock.advance(1_000)
    expect(await large.atLeast(1_000, { commandId: 'none' })).toEqual(eventless)
    await clock.advance(1_000)
    expect(await large.add(5, { commandId: 'old' })).toEqual(first)
    expect(reads).toEqual([1, 1_001, 1_001])
  })
})

/** The same backend, noting what is read of single actors from where, and which states are kept. */
function seen(backend: Backend, reads: number[], kept: number[] = []): Backend {
  return {
    name: backend.name,
    async openStore(options) {
      const store = await backend.openStore(options)
      const read = ((actorId: ActorId, range: ReadOptions) => {
        reads.push(range.fromVersion ?? 1)
        return store.read(actorId, range)
      }) as EventStore['read']
      const saveSnapshot: EventStore['saveSnapshot'] = async (actorId, snapshot) => {
        const isKept = await store.saveSnapshot(actorId, snapshot)
        kept.push(snapshot.version)
        return isKept
      }
      const noting: Partial<EventStore> = { read, saveSnapshot }
      return new Proxy(store, {
        get(target, name) {
          const member: unknown = Reflect.get(name in noting ? noting : target, name)
          return typeof member === 'function' ? (member.bind(target) as unknown) : member
        },
      })
    },
  }
}
