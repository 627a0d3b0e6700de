import { actor, event, open, type PrepareContext, reject } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, onTestFinished, test } from 'vitest'
import * as z from 'zod'

const coded = (code: string): unknown => expect.objectContaining({ code })

let rate = 2
const Purse = actor('purse', {
  state: { cents: 0 },
  events: { Filled: z.object({ cents: z.number() }) },
  evolve: { Filled: (s, e) => ({ cents: s.cents + e.cents }) },
  commands: {
    fill: {
      input: z.object({ cents: z.number() }),
      decide: (_s, c, on) => (c.cents === 0 ? undefined : [on.Filled(c), on.Filled({ cents: 1 })]),
      reply: (s, { version, events }) => ({ total: s.cents, version, first: events[0]?.data }),
    },
    exchange: {
      input: z.object({ cents: z.number() }),
      prepare: async (input: { cents: number }, { actorId, metadata }: PrepareContext) => {
        if (input.cents < 0) throw new Error(`no rate for ${actorId} of ${metadata['userId']}`)
        return { rate }
      },
      decide: (_s, c, on, { prepared }) => on.Filled({ cents: c.cents * prepared.rate }),
    },
    wait: {
      prepare: (_input: undefined, { signal }) =>
        new Promise<number>((_resolve, fail) =>
          signal.addEventListener('abort', () => fail(new Error('left'))),
        ),
      decide: (_s, _c, on) => on.Filled({ cents: 1 }),
    },
    badReply: {
      decide: (_s, _c, on) => on.Filled({ cents: 1 }),
      reply: () => {
        throw new Error('reply is broken')
      },
    },
  },
  queries: {
    cents: { answer: (s) => s.cents },
    covers: {
      input: z.object({ cents: z.number() }),
      answer: (s, c, { version, actorId }) => ({ yes: s.cents >= c.cents, version, actorId }),
    },
    broken: {
      answer: () => {
        throw new Error('answer is broken')
      },
    },
  },
})

describe('a reply', () => {
  test('is made of the state after the command and what it decided', async () => {
    await using node = await open({ backend: memory(), actors: [Purse] })
    const purse = node.get(Purse, 'a')
    const { reply } = await purse.fill({ cents: 5 })
    expect(reply).toEqual({ total: 6, version: 2, first: { cents: 5 } })
    expect((await purse.exchange({ cents: 1 })).reply).toBeUndefined()
  })

  test('is the same when the command comes again, also after a restart', async () => {
    const backend = memory()
    await using node = await open({ backend, actors: [Purse] })
    const purse = node.get(Purse, 'a')
    const first = await purse.fill({ cents: 5 }, { commandId: 'f' })
    await purse.fill({ cents: 7 })
    expect(await purse.fill({ cents: 5 }, { commandId: 'f' })).toEqual(first)
    await using other = await open({ backend, actors: [Purse] })
    expect(await other.get(Purse, 'a').fill({ cents: 5 }, { commandId: 'f' })).toEqual(first)
  })

  test('that throws fails the command before anything is stored', async () => {
    await using node = await open({ backend: memory(), actors: [Purse] })
    await expect(node.get(Purse, 'a').badReply()).rejects.toEqual(coded('actor-failed'))
    expect(await node.events.latestVersion('purse-a')).toBe(0)
  })
})

test('a command that made no event is known by its id as long as its actor lives', async () => {
  await using node = await open({ backend: memory(), actors: [Purse] })
  const purse = node.get(Purse, 'a')
  const first = await purse.fill({ cents: 0 }, { commandId: 'none' })
  expect(first).toMatchObject({ version: 0, events: [], state: { cents: 0 } })
  await purse.fill({ cents: 5 })
  expect(await purse.fill({ cents: 0 }, { commandId: 'none' })).toEqual(first)
  await expect(purse.fill({ cents: 1 }, { commandId: 'none' })).rejects.toEqual(coded('id-reused'))
})

describe('a preparation', () => {
  test('gives the decision what it fetched', async () => {
    await using node = await open({ backend: memory(), actors: [Purse] })
    rate = 3
    expect((await node.get(Purse, 'a').exchange({ cents: 2 })).state).toEqual({ cents: 6 })
  })

  test('that fails fails its command, with its cause', async () => {
    await using node = await open({ backend: memory(), actors: [Purse] })
    const metadata = { userId: 'u' }
    const failing = node.get(Purse, 'a').exchange({ cents: -1 }, { metadata })
    await expect(failing).rejects.toMatchObject({
      code: 'actor-failed',
      step: 'prepare of exchange',
      message: expect.stringContaining('no rate for purse-a of u'),
    })
  })

  test('lets nobody else wait, and ends with the time or the signal of its sender', async () => {
    await using node = await open({ backend: memory(), actors: [Purse] })
    const purse = node.get(Purse, 'a')
    const aborter = new AbortController()
    const late = expect(purse.wait(undefined, { timeoutMs: 60 })).rejects.toEqual(coded('timeout'))
    const left = purse.wait(undefined, { signal: aborter.signal })
    expect((await purse.fill({ cents: 1 })).version).toBe(2)
    aborter.abort(new Error('enough'))
    await expect(left).rejects.toThrow('enough')
    await late
  })
})

describe('a command that prepares something', () => {
  let isDown = false
  let duringPreparation = (): void => {}
  const Ticket = actor('ticket', {
    state: { paid: 0 },
    events: { Paid: z.object({ amount: z.number() }) },
    evolve: { Paid: (s, e) => ({ paid: s.paid + e.amount }) },
    commands: {
      pay: {
        input: z.object({ amount: z.number() }),
        prepare: async () => {
          duringPreparation()
          if (isDown) throw new Error('the bank is down')
          return 1
        },
        decide: (_s, c, on) => on.Paid(c),
        reply: (s) => s.paid,
      },
    },
  })

  test('and fails in that has its first answer where it was carried out before, by whichever node', async () => {
    const backend = memory()
    await using node = await open({ backend, actors: [Ticket] })
    await using other = await open({ backend, actors: [Ticket] })
    const tickets = [node.get(Ticket, 'a'), other.get(Ticket, 'a')] as const
    for (const ticket of tickets) await ticket.pay({ amount: 1 })
    const first = await tickets[0].pay({ amount: 5 }, { commandId: 'p' })
    isDown = true
    onTestFinished(() => void (isDown = false))
    for (const ticket of tickets) {
      expect(await ticket.pay({ amount: 5 }, { commandId: 'p' })).toEqual(first)
      for (const options of [{}, { commandId: 'q' }])
        await expect(ticket.pay({ amount: 5 }, options)).rejects.toEqual(coded('actor-failed'))
    }
    expect(await node.events.latestVersion('ticket-a')).toBe(3)
  })

  test('is not carried out where its sender takes it back as that ends', async () => {
    await using node = await open({ backend: memory(), actors: [Ticket] })
    const aborter = new AbortController()
    duringPreparation = () => aborter.abort(new Error('enough'))
    onTestFinished(() => void (duringPreparation = () => {}))
    const left = node.get(Ticket, 'a').pay({ amount: 5 }, { signal: aborter.signal })
    await expect(left).rejects.toThrow('enough')
    expect(await node.events.latestVersion('ticket-a')).toBe(0)
  })
})

describe('a query', () => {
  test('reads what is stored, also by another node', async () => {
    const backend = memory()
    await using node = await open({ backend, actors: [Purse] })
    await using other = await open({ backend, actors: [Purse] })
    const purse = node.get(Purse, 'a')
    await purse.fill({ cents: 5 })
    expect(await purse.cents()).toBe(6)
    await other.get(Purse, 'a').fill({ cents: 10 })
    expect(await purse.covers({ cents: 17 })).toEqual({ yes: true, version: 4, actorId: 'purse-a' })
    expect(await purse.cents(undefined, { version: 1 })).toBe(5)
  })

  test('with a wrong name or input is refused, and one that throws says so', async () => {
    await using node = await open({ backend: memory(), actors: [Purse] })
    const purse = node.get(Purse, 'a')
    await expect(node.query('purse-a', 'nope', undefined)).rejects.toEqual(coded('unknown-query'))
    const wrong = purse.covers({ cents: 'x' as unknown as number })
    await expect(wrong).rejects.toEqual(coded('invalid-input'))
    await expect(purse.broken()).rejects.toEqual(coded('actor-failed'))
  })

  test('can not be called like a command', () => {
    expect(() =>
      actor('twice', {
        state: 0,
        events: {},
        evolve: {},
        commands: { a: { decide: () => reject('no') } },
        queries: { a: { answer: () => 1 } },
      }),
    ).toThrow('a can')
  })
})

describe('an event that has changed', () => {
  const Old = actor('person', {
    state: { name: '' },
    events: { Named: z.object({ name: z.string() }), Waved: z.object({}) },
    evolve: { Named: (_s, e) => ({ name: e.name }), Waved: (s) => s },
    commands: {
      name: { input: z.object({ name: z.string() }), decide: (_s, c, on) => on.Named(c) },
      wave: { decide: (_s, _c, on) => on.Waved({}) },
    },
  })
  const New = actor('person', {
    state: { first: '', last: '' },
    events: {
      Called: event(z.object({ first: z.string(), last: z.string() }), {
        formerly: ['Named'],
        upcast: [
          ({ name }: { name: string }) => ({ full: name }),
          ({ full }: { full: string }) => {
            const [first = '', last = ''] = full.split(' ')
            return { first, last }
          },
        ],
      }),
    },
    retired: ['Waved'],
    evolve: { Called: (_s, e) => ({ first: e.first, last: e.last }) },
    commands: {
      call: {
        input: z.object({ first: z.string(), last: z.string() }),
        decide: (_s, c, on) => on.Called(c),
        reply: (_s, { events }) => events,
      },
    },
  })

  test('is read in its present form, by its present name; a retired one changes nothing', async () => {
    const backend = memory()
    await using before = await open({ backend, actors: [Old] })
    await before.get(Old, 'a').name({ name: 'Ada Lovelace' })
    await before.get(Old, 'a').wave()
    await using after = await open({ backend, actors: [New] })
    expect((await after.state(after.get(New, 'a'))).state).toEqual({
      first: 'Ada',
      last: 'Lovelace',
    })
    const { version, events } = await after.get(New, 'a').call({ first: 'A', last: 'B' })
    expect(version).toBe(3)
    expect(events[0]?.metadata).toMatchObject({ eventVersion: '3' })
    expect((await after.state(after.get(New, 'a'))).state).toEqual({ first: 'A', last: 'B' })
  })

  test('of a version that the definition does not know yet is malformed', async () => {
    const backend = memory()
    await using after = await open({ backend, actors: [New] })
    await after.get(New, 'a').call({ first: 'A', last: 'B' })
    const Middle = actor('person', {
      state: 0,
      events: { Called: event(z.object({ full: z.string() }), { upcast: [(data) => data] }) },
      evolve: { Called: (s) => s + 1 },
      commands: {},
    })
    await using middle = await open({ backend, actors: [Middle] })
    await expect(middle.state(middle.get(Middle, 'a'))).rejects.toThrow('of version 3')
  })

  test('that two events claim is refused with the definition', () => {
    const claims = (): unknown =>
      actor('x', {
        state: 0,
        events: { A: z.object({}), B: event(z.object({}), { formerly: ['A'] }) },
        evolve: { A: (s) => s, B: (s) => s },
        commands: {},
      })
    expect(claims).toThrow('two events are or were called A')
  })
})
