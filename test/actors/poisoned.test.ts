import { open, systemClock } from 'aether'
import { describe, expect, test } from 'vitest'
import { backendKinds } from '../support/backend-kinds.ts'
import { Counter, countingReads } from './counter.ts'

const actors = 1_000
const poisoned = 'user-7'

describe.each(backendKinds)('one poisoned actor among many on $name', ({ start }) => {
  test('is replayed as often as it may fail, and never more; nobody else notices', async () => {
    await using source = await start()
    const reads = new Map<string, number>()
    const backend = countingReads(source.fresh(), reads)
    // Nobody is late, and the minute never passes after which it is tried again.
    const clock = { ...systemClock, monotonic: () => 0 }
    const limits = { failuresInARow: 5, liveActors: actors }
    await using node = await open({ backend, actors: [Counter], limits, clock, logger: silent })
    const nonsense = { type: 'Nonsense', data: {} }
    await node.events.append(`counter-${poisoned}`, [nonsense], { expectedVersion: 0 })

    const codes: string[] = []
    for (let round = 0; round < 3; round++) {
      const others = Array.from({ length: actors }, (_, index) => `user-${index}`)
        .filter((key) => key !== poisoned)
        .map((key) => node.get(Counter, key).add({ by: 1 }))
      // Its senders don't give up, whatever it says.
      for (let sent = 0; sent < 10; sent++) codes.push(await codeOf(node.get(Counter, poisoned)))
      const versions = (await Promise.all(others)).map(({ version }) => version)
      expect(new Set(versions)).toEqual(new Set([round + 1]))
    }
    expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'malformed-event'))
    expect(new Set(codes.slice(5))).toEqual(new Set(['actor-quarantined']))
    expect(reads.get(`counter-${poisoned}`)).toBe(5)
    expect(node.quarantined.map(({ actorId }) => actorId)).toEqual([`counter-${poisoned}`])
    // The others were read once, when they came to life.
    expect(reads.size).toBe(actors)
    expect([...reads.values()].filter((count) => count !== 1)).toEqual([5])
  })
})

interface Adding {
  add(input: { readonly by: number }): Promise<unknown>
}

function codeOf(ref: Adding): Promise<string> {
  return ref.add({ by: 1 }).then(
    () => 'none',
    ({ code }: { code: string }) => code,
  )
}

const ignore = (): void => undefined
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
