import { actor, type Backend, open, reject } from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { watched } from './counter.ts'

const coded = (code: string): unknown => expect.objectContaining({ code })

const amount = z.object({ amount: z.number().positive() })
const Purse = actor('purse', {
  state: { cents: 0 },
  events: { Filled: amount, Emptied: amount },
  evolve: {
    Filled: (s, e) => ({ cents: s.cents + e.amount }),
    Emptied: (s, e) => ({ cents: s.cents - e.amount }),
  },
  commands: {
    fill: {
      input: amount,
      decide: (_s, c, on) => [on.Filled(c), on.Filled(c)],
      reply: (s) => s.cents,
    },
    look: { decide: () => [] },
    empty: {
      input: amount,
      decide: (s, c, on) => (s.cents < c.amount ? reject('poor') : on.Emptied(c)),
    },
  },
  snapshots: { every: 3 },
})

async function openPurses(backend: Backend, liveActors = 100) {
  return open({ backend, actors: [Purse], limits: { commandTimeoutMs: 100_000, liveActors } })
}
type Purses = Awaited<ReturnType<typeof openPurses>>

function give(node: Purses, from: string, to: string, cents: number, commandId: string) {
  return node.transact(
    [node.get(Purse, from), node.get(Purse, to), node.get(Purse, 'witness')],
    ([a, b]) => [a.on.Emptied({ amount: cents }), b.on.Filled({ amount: cents })],
    { commandId, timeoutMs: 100_000 },
  )
}

describe.each(backendKinds)('on $name, what became of a command', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('is told by id, as it was answered, by every node', async () => {
    const backend = source.fresh()
    await using one = await openPurses(backend)
    await using two = await openPurses(backend)
    const [a, b] = [one.get(Purse, 'a'), two.get(Purse, 'b')]
    expect(await one.outcome(a, 'fill')).toBeUndefined()
    // Two knows both purses as they were before.
    expect(await two.outcome('purse-a', 'fill')).toBeUndefined()
    await b.fill({ amount: 1 })

    const { reply, ...filled } = await a.fill({ amount: 50 }, { commandId: 'fill' })
    expect(reply).toBe(100)
    const [given, taken] = await give(one, 'a', 'b', 30, 'give')
    for (let n = 0; n < 3; n++) await a.fill({ amount: 5 })
    await using later = await openPurses(backend, 1)
    for (const node of [one, two, later]) {
      expect(await node.outcome(a, 'fill')).toEqual(filled)
      const { reply: _, ...shown } = given
      expect(await node.outcome(a, 'give')).toEqual(shown)
      expect((await node.outcome(b, 'give'))?.events).toEqual(taken.events)
      expect(await node.outcome(b, 'fill')).toBeUndefined()
      // It got no event.
      expect(await node.outcome('purse-witness', 'give')).toBeUndefined()
    }
    expect(later.liveActors).toBeLessThan(3)
    expect(await later.outcome(a, 'give')).toMatchObject({ version: 3, state: { cents: 70 } })
  })
})

describe('what became of a command', () => {
  test('that was refused or did nothing is told as far as it is known', async () => {
    const backend = memory()
    await using one = await openPurses(backend)
    const purse = one.get(Purse, 'a')
    await expect(purse.empty({ amount: 1 }, { commandId: 'e' })).rejects.toEqual(
      coded('command-rejected'),
    )
    expect(await one.outcome(purse, 'e')).toBeUndefined()
    const { reply: _, ...looked } = await purse.look(undefined, { commandId: 'l' })
    await purse.fill({ amount: 1 })
    expect(await one.outcome(purse, 'l')).toEqual(looked)
    await using other = await openPurses(backend)
    expect(await other.outcome(purse, 'l')).toBeUndefined()
  })

  test('is told once that has ended, to whoever is patient enough', async () => {
    const gate = Promise.withResolvers<void>()
    await using node = await openPurses(watched(memory(), () => gate.promise))
    const purse = node.get(Purse, 'a')
    const late = purse.fill({ amount: 1 }, { commandId: 'f', timeoutMs: 60 })
    await expect(late).rejects.toEqual(coded('outcome-unknown'))
    await expect(node.outcome(purse, 'f', { timeoutMs: 60 })).rejects.toEqual(coded('timeout'))
    const signal = AbortSignal.timeout(60)
    await expect(node.outcome(purse, 'f', { signal })).rejects.toThrow('timeout')
    const outcome = node.outcome(purse, 'f')
    gate.resolve()
    expect(await outcome).toMatchObject({ version: 2, state: { cents: 2 } })
    expect((await purse.fill({ amount: 1 })).version).toBe(4)
  })

  test('is asked for by an id, of actors that run here', async () => {
    await using node = await openPurses(memory())
    await expect(node.outcome('purse-a', '')).rejects.toEqual(coded('invalid-argument'))
    await expect(node.outcome('wallet-a', 'f')).rejects.toEqual(coded('unknown-actor-type'))
    const timeoutMs = 0
    await expect(node.outcome('purse-a', 'f', { timeoutMs })).rejects.toEqual(
      coded('invalid-argument'),
    )
  })
})
