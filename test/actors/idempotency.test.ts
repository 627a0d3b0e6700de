import { actor, type Backend, type CommandResult, open } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { until } from '../support/until.ts'
import { Counter } from './counter.ts'

async function versionOf(backend: Backend): Promise<number> {
  await using store = await backend.openStore()
  return await store.latestVersion('counter-a')
}

describe('a command that comes again', () => {
  test('gives the same answer and stores nothing more, whatever happened since', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    await counter.add({ by: 1 })
    const first = await counter.addTwice({ by: 5 }, { commandId: 'c-1' })
    expect(await counter.addTwice({ by: 5 }, { commandId: 'c-1' })).toEqual(first)
    await counter.add({ by: 100 })
    expect(await counter.addTwice({ by: 5 }, { commandId: 'c-1' })).toEqual(first)
    expect(await node.events.latestVersion('counter-a')).toBe(4)
  })

  test('is known after a restart and on another node', async () => {
    const backend = memory()
    await using one = await open({ backend, actors: [Counter] })
    const first = await one.get(Counter, 'a').add({ by: 1 }, { commandId: 'c-1' })
    await using two = await open({ backend, actors: [Counter] })
    expect(await two.get(Counter, 'a').add({ by: 1 }, { commandId: 'c-1' })).toEqual(first)
    const second = await two.get(Counter, 'a').add({ by: 1 }, { commandId: 'c-2' })
    // One has not seen this: its append would be a conflict, and then it knows.
    expect(await one.get(Counter, 'a').add({ by: 1 }, { commandId: 'c-2' })).toEqual(second)
    expect(await versionOf(backend)).toBe(2)
  })

  test('long after, with the time of its first sending, is that command', async () => {
    const limits = { rememberedCommands: 3 }
    await using node = await open({ backend: memory(), actors: [Counter], limits })
    const counter = node.get(Counter, 'a')
    const firstSent = new Date()
    const sent = { commandId: 'c-1', firstSent }
    // Said of the first one already, it changes nothing.
    const first = await counter.addTwice({ by: 5 }, sent)
    for (let n = 0; n < 5; n++) await counter.add({ by: 1 }, { commandId: `other-${n}` })
    expect(await node.outcome(counter, 'c-1')).toBeUndefined()
    const { reply: _none, ...outcome } = first
    expect(await node.outcome(counter, 'c-1', { firstSent })).toEqual(outcome)
    expect(await counter.addTwice({ by: 5 }, sent)).toEqual(first)
    await expect(counter.addTwice({ by: 6 }, sent)).rejects.toMatchObject({ code: 'id-reused' })
    expect(await node.events.latestVersion('counter-a')).toBe(7)
    // Nobody said when: it is a new one.
    await counter.addTwice({ by: 5 }, { commandId: 'c-1' })
    expect(await node.events.latestVersion('counter-a')).toBe(9)
  })

  test('long after, as a decision over several actors or as a message, is that one', async () => {
    const limits = { rememberedCommands: 2 }
    await using node = await open({ backend: memory(), actors: [Counter], limits })
    const [a, b] = [node.get(Counter, 'a'), node.get(Counter, 'b')]
    const sent = { commandId: 'c-1', firstSent: new Date() }
    const both = (): Promise<unknown> =>
      node.transact(
        [a, b],
        ([one, two]) => [one.on.Added({ by: 1 }), two.on.Added({ by: 2 })],
        sent,
      )
    const first = await both()
    const told = { commandId: 'c-2', firstSent: new Date() }
    const tell = async (): Promise<void> => {
      await node.tell(a, 'add', { by: 10 }, told)
      await until(async () => (await node.reminders()).length === 0, { description: 'it is done' })
    }
    await tell()
    for (let n = 0; n < 5; n++)
      for (const each of [a, b]) await each.add({ by: 1 }, { commandId: `other-${n}` })
    expect(await both()).toEqual(first)
    await tell()
    expect([(await node.state(a)).version, (await node.state(b)).version]).toEqual([7, 6])
  })

  test.each([
    [{ firstSent: new Date() }, 'firstSent is nothing without the commandId that was sent'],
    [{ commandId: 'c', firstSent: new Date('x') }, 'firstSent must be a valid Date, not Invalid'],
    [{ commandId: 'c', firstSent: 5 as unknown as Date }, 'firstSent must be a valid Date, not 5'],
  ])('is refused with %o', async (options, message) => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const failed = { code: 'invalid-argument', message: expect.stringContaining(message) }
    await expect(counter.add({ by: 1 }, options)).rejects.toMatchObject(failed)
    const decide = (): undefined => undefined
    await expect(node.transact([counter], decide, options)).rejects.toMatchObject(failed)
    await expect(node.tell(counter, 'add', { by: 1 }, options)).rejects.toMatchObject(failed)
    expect(await node.events.latestVersion('counter-a')).toBe(0)
  })

  test('is one command, sent many times at once', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const send = (): Promise<unknown> => counter.add({ by: 1 }, { commandId: 'c-1' })
    const results = await Promise.all(Array.from({ length: 50 }, send))
    for (const result of results) expect(result).toEqual(results[0])
    expect(await node.events.latestVersion('counter-a')).toBe(1)
  })

  test('in one batch with new ones is answered with its own state', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    for (const n of [1, 2, 3]) await counter.add({ by: n }, { commandId: `c-${n}` })
    const results = await Promise.all([
      counter.add({ by: 2 }, { commandId: 'c-2' }),
      counter.add({ by: 10 }),
      counter.add({ by: 1 }, { commandId: 'c-1' }),
    ])
    expect(results.map((result) => [result.version, result.state.total])).toEqual([
      [2, 3],
      [4, 16],
      [1, 1],
    ])
    expect(results[0]?.events.map((event) => event.version)).toEqual([2])
  })

  test('is answered from any page of a long past, in any order', async () => {
    const backend = memory()
    await using node = await open({ backend, actors: [Counter] })
    const send = (of: typeof node, n: number): Promise<CommandResult> =>
      of.get(Counter, 'a').addTwice({ by: n }, { commandId: `c-${n}` })
    const numbers = Array.from({ length: 600 }, (_, n) => n)
    const first = await Promise.all(numbers.map((n) => send(node, n)))
    await using fresh = await open({ backend, actors: [Counter] })
    for (const n of numbers) expect(await send(fresh, n)).toEqual(first[n])
    for (const n of [0, 599, 300, 1, 598, 299, 301]) expect(await send(fresh, n)).toEqual(first[n])
    expect(await Promise.all(numbers.toReversed().map((n) => send(fresh, n)))).toEqual(
      first.toReversed(),
    )
    expect(await versionOf(backend)).toBe(1_200)
  })

  test('with another input or name is an error, whatever the order of members', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    await counter.add({ by: 1, note: 'x' }, { commandId: 'c-1' })
    await counter.add({ note: 'x', by: 1 }, { commandId: 'c-1' })
    const reused = { code: 'id-reused', retryable: false }
    await expect(counter.add({ by: 2, note: 'x' }, { commandId: 'c-1' })).rejects.toMatchObject(
      reused,
    )
    await expect(counter.addTwice({ by: 1 }, { commandId: 'c-1' })).rejects.toMatchObject(reused)
    const [good, bad] = await Promise.allSettled([
      counter.add({ by: 1 }, { commandId: 'c-2' }),
      counter.add({ by: 2 }, { commandId: 'c-2' }),
    ])
    expect([good.status, bad.status]).toEqual(['fulfilled', 'rejected'])
    expect(await node.events.latestVersion('counter-a')).toBe(2)
  })

  test('is refused where its input is none that JSON shows', async () => {
    const Tagged = actor('tagged', {
      state: 0,
      events: { Tagged: z.object({ count: z.number() }) },
      evolve: { Tagged: (_, { count }) => count },
      commands: {
        tag: {
          input: z.object({ tags: z.union([z.map(z.string(), z.number()), z.array(z.string())]) }),
          decide: (_, { tags }, on) => on.Tagged({ count: [...tags].length }),
        },
      },
    })
    await using node = await open({ backend: memory(), actors: [Tagged] })
    const ref = node.get(Tagged, 'a')
    const tags = new Map([['a', 1]])
    await expect(ref.tag({ tags }, { commandId: 'c-1' })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'a command with an id needs input that is JSON: an instance of Map',
    })
    expect((await ref.tag({ tags })).state).toBe(1)
    expect((await ref.tag({ tags: ['a', 'b'] }, { commandId: 'c-1' })).state).toBe(2)
  })

  test('that was refused is decided anew', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const send = (): Promise<unknown> => counter.addBelow({ by: 1, limit: 0 }, { commandId: 'c-1' })
    await expect(send()).rejects.toMatchObject({ code: 'command-rejected' })
    await counter.add({ by: -1 })
    await send()
    expect((await node.state(node.get(Counter, 'a'))).state.total).toBe(0)
  })

  test('is remembered within the bound: the newest ids of the actor', async () => {
    const backend = memory()
    const limits = { rememberedCommands: 3 }
    await using node = await open({ backend, actors: [Counter], limits })
    for (const n of [1, 2, 3, 4])
      await node.get(Counter, 'a').add({ by: 1 }, { commandId: `c-${n}` })
    await using fresh = await open({ backend, actors: [Counter], limits })
    for (const each of [node, fresh]) {
      for (const n of [2, 3, 4])
        await each.get(Counter, 'a').add({ by: 1 }, { commandId: `c-${n}` })
    }
    expect(await versionOf(backend)).toBe(4)
  })

  test('once it was forgotten is a new one, and answered as such by whoever remembers both', async () => {
    const backend = memory()
    const openWith = (rememberedCommands: number) =>
      open({ backend, actors: [Counter], limits: { rememberedCommands } })
    await using forgetful = await openWith(2)
    const counter = forgetful.get(Counter, 'a')
    for (const n of [0, 1, 2]) await counter.addTwice({ by: n }, { commandId: `c-${n}` })
    const anew = await counter.addTwice({ by: 0 }, { commandId: 'c-0' })
    expect(anew.events.map(({ version }) => version)).toEqual([7, 8])
    await counter.add({ by: 100 })
    await using other = await openWith(1_000)
    expect(await other.get(Counter, 'a').addTwice({ by: 0 }, { commandId: 'c-0' })).toEqual(anew)
  })

  test('is among the newest again once it was carried out anew', async () => {
    const backend = memory()
    const openWith = (rememberedCommands: number) =>
      open({ backend, actors: [Counter], limits: { rememberedCommands } })
    await using forgetful = await openWith(1)
    for (const n of [0, 1, 0])
      await forgetful.get(Counter, 'a').add({ by: n }, { commandId: `c-${n}` })
    await using other = await openWith(2)
    await other.get(Counter, 'a').add({ by: 2 }, { commandId: 'c-2' })
    await other.get(Counter, 'a').add({ by: 0 }, { commandId: 'c-0' })
    expect(await versionOf(backend)).toBe(4)
  })

  test('and made no event is known as long as its actor lives, whatever is read again meanwhile', async () => {
    const backend = memory()
    await using one = await open({ backend, actors: [Counter] })
    await using two = await open({ backend, actors: [Counter] })
    const counter = one.get(Counter, 'a')
    await counter.add({ by: 10 })
    const first = await counter.ensure({ least: 10 }, { commandId: 'e' })
    expect(first.events).toEqual([])
    // A conflict.
    await two.get(Counter, 'a').add({ by: -5 })
    await counter.add({ by: 0 })
    expect(await counter.ensure({ least: 10 }, { commandId: 'e' })).toEqual(first)
    // An append that fails.
    await expect(counter.addMany({ count: 2_000 })).rejects.toMatchObject({ code: 'too-large' })
    await counter.add({ by: 0 })
    expect(await counter.ensure({ least: 10 }, { commandId: 'e' })).toEqual(first)
    expect(await versionOf(backend)).toBe(4)
  })

  test('is not forgotten for others that made no event', async () => {
    const backend = memory()
    const limits = { rememberedCommands: 2 }
    await using node = await open({ backend, actors: [Counter], limits })
    const counter = node.get(Counter, 'a')
    const first = await counter.add({ by: 10 }, { commandId: 'c-1' })
    for (const n of [1, 2, 3]) await counter.ensure({ least: 10 }, { commandId: `e-${n}` })
    await counter.add({ by: -5 })
    expect(await counter.add({ by: 10 }, { commandId: 'c-1' })).toEqual(first)
    // Of those without events the newest are known.
    expect((await counter.ensure({ least: 10 }, { commandId: 'e-2' })).version).toBe(1)
    expect((await counter.ensure({ least: 10 }, { commandId: 'e-1' })).version).toBe(3)
  })

  test.each(['', 'x'.repeat(201)])('can not have the id "%s"', async (commandId) => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    await expect(counter.add({ by: 1 }, { commandId })).rejects.toMatchObject({
      code: 'invalid-argument',
    })
  })
})
