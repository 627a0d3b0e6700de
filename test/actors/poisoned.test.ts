import { open, systemClock } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { backendKinds } from '../support/backend-kinds.ts'
import { Counter, countingReads, watched } from './counter.ts'

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

describe('who asks again and again, without a pause, doesn’t keep the process from anything else', () => {
  test('where an actor is in quarantine', async () => {
    await using node = await open({
      backend: memory(),
      actors: [Counter],
      limits: { failuresInARow: 1 },
      logger: silent,
    })
    const nonsense = { type: 'Nonsense', data: {} }
    await node.events.append(`counter-${poisoned}`, [nonsense], { expectedVersion: 0 })
    const counter = node.get(Counter, poisoned)
    expect(await codeOf(counter)).toBe('malformed-event')
    await untilATimerFires(() => codeOf(counter))
    await untilATimerFires(() => codeOf({ add: () => node.transact([counter], () => undefined) }))
  })

  test('where a mailbox is full', async () => {
    const [begun, stored] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const backend = watched(memory(), () => {
      begun.resolve()
      return stored.promise
    })
    await using node = await open({ backend, actors: [Counter], limits: { mailboxCommands: 1 } })
    const counter = node.get(Counter, 'a')
    const underWay = counter.add({ by: 1 })
    await begun.promise
    const waiting = counter.add({ by: 1 })
    try {
      expect(await codeOf(counter)).toBe('overloaded')
      await untilATimerFires(() => codeOf(counter))
    } finally {
      stored.resolve()
      await Promise.all([underWay, waiting])
    }
  })
})

/** Of so many, each at once, that would keep the process busy for a second at least. */
const obstinacy = 200_000

async function untilATimerFires(ask: () => Promise<unknown>): Promise<void> {
  let hasFired = false
  const timer = setTimeout(() => (hasFired = true), 1)
  for (let asked = 0; !hasFired && asked < obstinacy; asked++) await ask()
  clearTimeout(timer)
  expect(hasFired).toBe(true)
}

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
