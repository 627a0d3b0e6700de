import { actor, type Logger, open } from 'aether'
import { memory } from 'aether/memory'
import { VirtualClock } from 'aether/testing'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'
import { Counter, countingReads, watched } from './counter.ts'

const coded = (code: string): unknown => expect.objectContaining({ code })

/** Keeps what it is told. */
function listener(): { logger: Logger; told: string[] } {
  const told: string[] = []
  const tell = (_fields: object, message: string): void => void told.push(message)
  return { logger: { debug: tell, info: tell, warn: tell, error: tell }, told }
}

describe('an actor whose own code fails again and again', () => {
  test('is not asked any more, says why, and others go on; until it is resumed', async () => {
    const { logger, told } = listener()
    const limits = { failuresInARow: 3 }
    await using node = await open({ backend: memory(), actors: [Counter], limits, logger })
    const bad = node.get(Counter, 'bad')
    await bad.add({ by: 1 })
    for (let i = 0; i < 3; i++) await expect(bad.throwing()).rejects.toEqual(coded('actor-failed'))
    const refused = expect(bad.add({ by: 1 })).rejects
    await refused.toMatchObject({
      code: 'actor-quarantined',
      message: expect.stringContaining('decide is broken'),
    })
    expect(node.quarantined).toMatchObject([
      { actorId: 'counter-bad', reason: expect.stringContaining('decide is broken') },
    ])
    expect(told).toEqual([expect.stringContaining('counter-bad is in quarantine')])
    await node.get(Counter, 'good').add({ by: 1 })
    expect((await node.state(node.get(Counter, 'bad'))).version).toBe(1)
    expect(node.resume('counter-bad')).toBe(true)
    expect(node.resume('counter-bad')).toBe(false)
    expect((await bad.add({ by: 1 })).version).toBe(2)
    expect(node.quarantined).toEqual([])
  })

  test('is asked once a minute whether it is mended, and then again by everybody', async () => {
    const clock = new VirtualClock()
    const limits = { failuresInARow: 3 }
    await using node = await open({ backend: memory(), actors: [Counter], limits, clock })
    const bad = node.get(Counter, 'bad')
    for (let i = 0; i < 3; i++) await expect(bad.throwing()).rejects.toEqual(coded('actor-failed'))
    await clock.advance(59_999)
    await expect(bad.add({ by: 1 })).rejects.toEqual(coded('actor-quarantined'))
    await clock.advance(1)
    await expect(bad.throwing()).rejects.toEqual(coded('actor-failed'))
    await expect(bad.add({ by: 1 })).rejects.toEqual(coded('actor-quarantined'))
    expect(node.quarantined).toMatchObject([{ actorId: 'counter-bad' }])
    await clock.advance(60_000)
    const wrong = node.send('counter-bad', 'add', { by: 'much' })
    await expect(wrong).rejects.toEqual(coded('invalid-input'))
    expect((await bad.add({ by: 1 })).version).toBe(1)
    expect(node.quarantined).toEqual([])
    expect((await bad.add({ by: 1 })).version).toBe(2)
  })

  test('is spared as long as it succeeds in between; a refusal is no failure', async () => {
    const limits = { failuresInARow: 2 }
    await using node = await open({ backend: memory(), actors: [Counter], limits })
    const counter = node.get(Counter, 'a')
    for (let i = 0; i < 5; i++) {
      await expect(counter.throwing()).rejects.toEqual(coded('actor-failed'))
      await counter.add({ by: 1 })
      const refused = expect(counter.addBelow({ by: 100, limit: 1 })).rejects
      await refused.toEqual(coded('command-rejected'))
    }
  })

  test('also where it can not be read', async () => {
    const backend = memory()
    const limits = { failuresInARow: 2 }
    await using node = await open({ backend, actors: [Counter], limits })
    const event = { type: 'Nonsense', data: {} }
    await node.events.append('counter-a', [event], { expectedVersion: 0 })
    const counter = node.get(Counter, 'a')
    for (let i = 0; i < 2; i++)
      await expect(counter.add({ by: 1 })).rejects.toEqual(coded('malformed-event'))
    await expect(counter.add({ by: 1 })).rejects.toEqual(coded('actor-quarantined'))
  })
})

describe('an actor that fails in decisions over several', () => {
  test('is not asked any more where it can not be read, and the others are', async () => {
    const limits = { failuresInARow: 2 }
    await using node = await open({ backend: memory(), actors: [Counter], limits })
    const event = { type: 'Nonsense', data: {} }
    await node.events.append('counter-bad', [event], { expectedVersion: 0 })
    const both = [node.get(Counter, 'good'), node.get(Counter, 'bad')] as const
    const transact = (): Promise<unknown> => node.transact(both, ([a]) => a.on.Added({ by: 1 }))
    for (let i = 0; i < 2; i++) await expect(transact()).rejects.toEqual(coded('malformed-event'))
    await expect(transact()).rejects.toEqual(coded('actor-quarantined'))
    expect(node.quarantined).toMatchObject([{ actorId: 'counter-bad' }])
  })

  test('is not asked any more where it fails ten times in a row, and no success is between', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const both = [node.get(Counter, 'good'), node.get(Counter, 'bad')] as const
    const breaking = (): Promise<unknown> => node.transact(both, ([, b]) => b.on.Broken({}))
    const failOften = async (times: number): Promise<void> => {
      for (let i = 0; i < times; i++)
        await expect(breaking()).rejects.toEqual(coded('actor-failed'))
    }
    await failOften(9)
    await node.transact(both, ([, b]) => b.on.Added({ by: 1 }))
    await failOften(10)
    await expect(breaking()).rejects.toEqual(coded('actor-quarantined'))
    expect(node.quarantined).toMatchObject([{ actorId: 'counter-bad' }])
  })

  test('is not to blame for a decision that throws', async () => {
    const limits = { failuresInARow: 1 }
    await using node = await open({ backend: memory(), actors: [Counter], limits })
    const broken = node.transact([node.get(Counter, 'a')], () => {
      throw new Error('broken')
    })
    await expect(broken).rejects.toEqual(coded('actor-failed'))
    expect(node.quarantined).toEqual([])
  })
})

describe('a command whose sender has no more time', () => {
  test('is taken back and does nothing where it has not been started', async () => {
    const gate = Promise.withResolvers<void>()
    const backend = watched(memory(), () => gate.promise)
    await using node = await open({ backend, actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const first = counter.add({ by: 1 })
    await Promise.resolve()
    await Promise.resolve()
    const second = counter.add({ by: 10 }, { timeoutMs: 60 })
    await expect(second).rejects.toEqual(coded('timeout'))
    gate.resolve()
    await first
    expect((await counter.add({ by: 100 })).state).toEqual({ total: 101, steps: 2 })
  })

  test('has an unknown outcome where it has, and takes effect once when it is repeated', async () => {
    const gate = Promise.withResolvers<void>()
    let appends = 0
    const backend = watched(memory(), async () => {
      appends++
      await gate.promise
    })
    await using node = await open({ backend, actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const first = counter.add({ by: 1 }, { commandId: 'once', timeoutMs: 60 })
    await expect(first).rejects.toEqual(coded('outcome-unknown'))
    expect(appends).toBe(1)
    gate.resolve()
    const again = await counter.add({ by: 1 }, { commandId: 'once' })
    expect(again).toMatchObject({ version: 1, state: { total: 1, steps: 1 } })
  })

  test('waits five seconds, or what the node says', async () => {
    const gate = Promise.withResolvers<void>()
    const clock = new VirtualClock()
    let appends = 0
    const backend = watched(memory(), async () => {
      appends++
      await gate.promise
    })
    await using node = await open({ backend, actors: [Counter], clock })
    const counter = node.get(Counter, 'a')
    const outcomes: string[] = []
    const note = (name: string) => (error: { code: string }) =>
      void outcomes.push(`${name} ${error.code}`)
    const first = counter.add({ by: 1 })
    await until(() => appends === 1, { description: 'an append' })
    const second = counter.add({ by: 1 }, { timeoutMs: 6_000 }).catch(note('second'))
    first.catch(note('first'))
    await clock.advance(4_999)
    expect(outcomes).toEqual([])
    await clock.advance(1)
    await until(() => outcomes.length === 1, { description: 'the outcome' })
    expect(outcomes).toEqual(['first outcome-unknown'])
    await clock.advance(1_000)
    await second
    expect(outcomes).toEqual(['first outcome-unknown', 'second timeout'])
    gate.resolve()
  })

  test('can not be given none', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const sent = node.get(Counter, 'a').add({ by: 1 }, { timeoutMs: 0 })
    await expect(sent).rejects.toEqual(coded('invalid-argument'))
  })
})

test('a decision that blocks the event loop is named', async () => {
  const { logger, told } = listener()
  const clock = new VirtualClock()
  const Slow = actor('slow', {
    state: 0,
    events: { Done: z.object({}) },
    evolve: { Done: (s) => s + 1 },
    commands: {
      crawl: {
        decide: (_s, _c, on) => {
          clock.block(300)
          return on.Done({})
        },
      },
      run: { decide: (_s, _c, on) => on.Done({}) },
      /** Rests on what the store has to confirm, so others are asked before it is answered. */
      dawdle: { decide: () => clock.block(300) },
    },
  })
  await using node = await open({ backend: memory(), actors: [Slow], clock, logger })
  await node.get(Slow, 'a').run()
  expect(told).toEqual([])
  await node.get(Slow, 'a').crawl()
  expect(told.splice(0)).toEqual(['slow-a blocked the event loop for 300 ms in crawl'])
  // Those who are asked in the same turn are not to blame.
  for (const key of ['b', 'c', 'b', 'c']) await node.get(Slow, key).run()
  for (const name of ['crawl', 'dawdle'] as const) {
    const [a, b, c] = ['a', 'b', 'c'].map((key) => node.get(Slow, key))
    await Promise.all([b?.run(), a?.[name](), c?.run()])
    expect(told.splice(0)).toEqual([`slow-a blocked the event loop for 300 ms in ${name}`])
  }
  await node.transact([node.get(Slow, 'a'), node.get(Slow, 'b')], ([a]) => {
    clock.block(400)
    return a.on.Done({})
  })
  expect(told).toEqual([
    'a decision over slow-a and slow-b blocked the event loop for 400 ms in transact',
  ])
})

test('nobody is blamed for what a listener takes that hears of stored events', async () => {
  const { logger, told } = listener()
  const clock = new VirtualClock()
  await using node = await open({ backend: memory(), actors: [Counter], clock, logger })
  const add = (key: string) => node.get(Counter, key).add({ by: 1 })
  // Once both rest in memory, they work in the same turn.
  for (const key of ['a', 'b', 'a', 'b']) await add(key)
  using _slow = node.events.onStored(() => clock.block(300))
  await Promise.all([add('a'), add('b')])
  expect(told).toEqual([])
})

test('an input schema that blocks the event loop is named, and so is a query', async () => {
  const { logger, told } = listener()
  const clock = new VirtualClock()
  const blocking = z.number().refine((ms) => {
    clock.block(ms)
    return ms !== 301
  })
  const Slow = actor('slow', {
    state: 0,
    events: { Done: z.object({}) },
    evolve: { Done: (s) => s + 1 },
    commands: { go: { input: blocking, decide: (_s, _c, on) => on.Done({}) } },
    queries: {
      seen: { input: blocking, answer: (s) => s },
      sought: {
        answer: () => {
          clock.block(500)
          throw new Error('not found')
        },
      },
    },
  })
  await using node = await open({ backend: memory(), actors: [Slow], clock, logger })
  const slow = node.get(Slow, 'a')
  await slow.go(100)
  await slow.seen(100)
  expect(told).toEqual([])
  await slow.go(300)
  await expect(slow.go(301)).rejects.toEqual(coded('invalid-input'))
  await slow.seen(400)
  await expect(slow.sought()).rejects.toEqual(coded('actor-failed'))
  expect(told).toEqual([
    'slow-a blocked the event loop for 300 ms in the input schema of go',
    'slow-a blocked the event loop for 301 ms in the input schema of go',
    'slow-a blocked the event loop for 400 ms in the input schema of seen',
    'slow-a blocked the event loop for 500 ms in the answer of sought',
  ])
})

describe('an idle actor', () => {
  test('is let go after a while, and comes back as it was', async () => {
    const clock = new VirtualClock()
    const limits = { idleMs: 60_000 }
    await using node = await open({ backend: memory(), actors: [Counter], clock, limits })
    for (const key of ['a', 'b']) await node.get(Counter, key).add({ by: 1 })
    await clock.advance(59_999)
    await node.get(Counter, 'b').add({ by: 1 })
    expect(node.liveActors).toBe(2)
    await clock.advance(1)
    expect(node.liveActors).toBe(1)
    expect((await node.get(Counter, 'a').add({ by: 1 })).state).toEqual({ total: 2, steps: 2 })
  })

  test('is in memory again where it was let go while the input was looked at', async () => {
    let look = (): void => undefined
    const Busy = actor('busy', {
      state: 0,
      events: { Done: z.object({}) },
      evolve: { Done: (s) => s + 1 },
      commands: {
        go: { input: z.number().transform(() => look()), decide: (_s, _c, on) => on.Done({}) },
      },
    })
    await using node = await open({ backend: memory(), actors: [Busy], limits: { liveActors: 1 } })
    const [a, b] = [node.get(Busy, 'a'), node.get(Busy, 'b')]
    // It rests once it was asked while it was known.
    for (let i = 0; i < 2; i++) await a.go(1)
    const making: Promise<unknown>[] = []
    look = () => {
      look = () => undefined
      making.push(b.go(1))
    }
    await Promise.all([a.go(1), ...making])
    expect(node.liveActors).toBe(2)
  })

  test('is let go when the heap grows too large, the oldest first', async () => {
    const clock = new VirtualClock()
    const limits = { heapBytes: 1 }
    await using node = await open({ backend: memory(), actors: [Counter], clock, limits })
    for (let i = 0; i < 8; i++) await node.get(Counter, `${i}`).add({ by: 1 })
    await clock.advance(1_000)
    expect(node.liveActors).toBe(4)
    await clock.advance(1_000)
    expect(node.liveActors).toBe(2)
  })

  test('is let go where more came to life at once than may stay, the least recently used first', async () => {
    const clock = new VirtualClock()
    const reads = new Map<string, number>()
    const backend = countingReads(memory(), reads)
    const limits = { liveActors: 4 }
    await using node = await open({ backend, actors: [Counter], clock, limits })
    const add = (key: number): Promise<unknown> => node.get(Counter, `${key}`).add({ by: 1 })
    const keys = Array.from({ length: 20 }, (_, key) => key)
    await Promise.all(keys.map(add))
    expect(node.liveActors).toBe(20)
    await clock.advance(500)
    for (const key of [1, 5, 9, 13]) await add(key)
    await clock.advance(500)
    expect(node.liveActors).toBe(4)
    reads.clear()
    for (const key of [1, 5, 9, 13]) await add(key)
    expect(reads.size).toBe(0)
  })

  test('makes room for others soon, also where there are far too many', async () => {
    const clock = new VirtualClock()
    const limits = { liveActors: 4 }
    await using node = await open({ backend: memory(), actors: [Counter], clock, limits })
    const add = (key: number): Promise<unknown> => node.get(Counter, `${key}`).add({ by: 1 })
    await Promise.all(Array.from({ length: 20 }, (_, key) => add(key)))
    for (const key of [20, 21, 22]) await add(key)
    expect(node.liveActors).toBe(4)
  })
})
