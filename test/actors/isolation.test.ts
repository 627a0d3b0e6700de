import { actor, open, reject } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { Counter } from './counter.ts'

const Cart = actor('cart', {
  state: { items: [] as string[], meta: { closed: false } },
  events: { Added: z.object({ items: z.array(z.string()) }), Closed: z.object({}) },
  evolve: {
    Added: (s, e) => ({ ...s, items: [...s.items, ...e.items] }),
    Closed: (s) => ({ ...s, meta: { closed: true } }),
  },
  commands: {
    add: { input: z.custom<{ items: string[] }>(() => true), decide: (_s, c, on) => on.Added(c) },
    close: { decide: (_s, _c, on) => on.Closed({}) },
    /** Breaks the rule that a decision changes nothing. */
    spoil: {
      decide: (s) => {
        s.items.push('spoiled')
        return undefined
      },
    },
    refuse: { decide: () => reject('no', { amount: 10n }) },
  },
})

describe('nobody outside can change', () => {
  test('the state of an actor through an answer', async () => {
    await using node = await open({ backend: memory(), actors: [Cart] })
    const cart = node.get(Cart, 'a')
    const { state, events } = await cart.add({ items: ['x'] })
    expect(() => state.items.push('y')).toThrow(TypeError)
    expect(() => Object.assign(state.meta, { closed: true })).toThrow(TypeError)
    const [event] = events
    expect(() => event?.type === 'Added' && event.data.items.push('y')).toThrow(TypeError)
    expect((await cart.add({ items: [] })).state).toEqual(
      (await node.state(node.get(Cart, 'a'))).state,
    )
  })

  test('the state that every new actor begins with', async () => {
    await using node = await open({ backend: memory(), actors: [Cart] })
    const { state } = await node.state(node.get(Cart, 'nobody'))
    expect(() => state.items.push('y')).toThrow(TypeError)
    await expect(node.get(Cart, 'a').spoil()).rejects.toMatchObject({ code: 'actor-failed' })
    expect((await node.get(Cart, 'b').close()).state.items).toEqual([])
  })

  test('what was decided through the input', async () => {
    await using node = await open({ backend: memory(), actors: [Cart] })
    const input = { items: ['x'] }
    const sent = node.get(Cart, 'a').add(input)
    await sent
    input.items.push('y')
    expect((await node.state(node.get(Cart, 'a'))).state.items).toEqual(['x'])
    expect((await sent).events[0]?.data).toEqual({ items: ['x'] })
  })

  test('what is decided, through an input or metadata that wait for their turn', async () => {
    // As schemas that make nothing new: the object itself.
    const isPositive = (value: unknown): boolean => (value as { by: number }).by > 0
    const handedOn = {
      version: 1,
      vendor: 'test',
      validate: (value: unknown) =>
        isPositive(value) ? { value } : { issues: [{ message: 'by must be positive' }] },
    } as const
    const Tally = actor('tally', {
      state: { by: 0, parts: [] as number[] },
      events: { Added: z.object({ by: z.number(), parts: z.array(z.number()) }) },
      evolve: { Added: (_s, added) => added },
      commands: {
        add: {
          input: { '~standard': handedOn } as unknown as z.ZodType<{ by: number; parts: number[] }>,
          decide: (_s, input, on) => on.Added(input),
        },
      },
    })
    await using node = await open({ backend: memory(), actors: [Tally] })
    const input = { by: 5, parts: [5] }
    const metadata = { correlationId: 'first' }
    const sent = node.get(Tally, 'a').add(input, { metadata })
    input.by = -1
    input.parts.push(-6)
    metadata.correlationId = 'second'
    const { state, events } = await sent
    expect(state).toEqual({ by: 5, parts: [5] })
    expect(events[0]?.metadata).toEqual({ correlationId: 'first' })
  })
})

describe('what is no JSON', () => {
  const Odd = actor('odd', {
    state: { n: 1 },
    events: { Turned: z.object({}) },
    evolve: { Turned: () => ({ n: 10n as unknown as number }) },
    commands: { turn: { decide: (_s, _c, on) => on.Turned({}) } },
  })

  test('as a state fails the command, and nothing is stored', async () => {
    await using node = await open({ backend: memory(), actors: [Odd] })
    await expect(node.get(Odd, 'a').turn()).rejects.toThrow(
      'odd-a failed in evolve.Turned: bigint at $.n',
    )
    expect(await node.events.latestVersion('odd-a')).toBe(0)
  })

  test('as the first state is refused with the definition', () => {
    const define = (): unknown =>
      actor('odd', { state: { at: new Date() }, events: {}, evolve: {}, commands: {} })
    expect(define).toThrow('actor odd: the state must be JSON: an instance of Date at $.at')
  })

  test('as details of a refusal fails the command', async () => {
    await using node = await open({ backend: memory(), actors: [Cart] })
    await expect(node.get(Cart, 'a').refuse()).rejects.toThrow(
      'cart-a failed in reject of refuse: bigint',
    )
  })
})

describe('one command of a batch', () => {
  test('does not spoil its neighbours with metadata that is no text', async () => {
    const Careless = actor('careless', {
      state: 0,
      events: { Done: z.object({}) },
      evolve: { Done: (s) => s + 1 },
      commands: {
        good: { decide: (_s, _c, on) => on.Done({}) },
        bad: { decide: (_s, _c, on) => on.Done({}, { n: 5 as unknown as string }) },
      },
    })
    await using node = await open({ backend: memory(), actors: [Careless] })
    const it = node.get(Careless, 'a')
    const [first, bad, last] = await Promise.allSettled([it.good(), it.bad(), it.good()])
    expect(bad).toMatchObject({ reason: { code: 'invalid-event' } })
    expect([first, last]).toMatchObject([{ value: { version: 1 } }, { value: { version: 2 } }])
  })

  test('can be taken back as long as it was put off to the next append', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const controller = new AbortController()
    const big = counter.addMany({ count: 700 })
    const late = counter.addMany({ count: 700 }, { signal: controller.signal })
    const last = counter.add({ by: 1 })
    await Promise.resolve()
    await Promise.resolve()
    controller.abort(new Error('changed my mind'))
    expect((await big).version).toBe(700)
    const outcome = await late.then(
      (result) => result.version,
      (error: Error) => error.message,
    )
    // Either it was in time or not: never told one thing and done another.
    expect((await last).version).toBe(outcome === 'changed my mind' ? 701 : 1_401)
  })
})

describe('metadata that was copied from another event', () => {
  const copied = { commandId: 'x', commandDigest: 'y', userId: 'u' }

  test('does not make a command look like one that was there', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const { events } = await counter.add({ by: 1 }, { metadata: copied })
    expect(events[0]?.metadata).toEqual({ userId: 'u' })
    expect(await counter.add({ by: 999 }, { commandId: 'x' })).toMatchObject({
      version: 2,
      state: { total: 1_000 },
    })
  })

  test('does not hide the id of the command itself', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const send = (): ReturnType<typeof counter.add> =>
      counter.add({ by: 1 }, { commandId: 'own', metadata: copied })
    expect(await send()).toEqual(await send())
    expect(await node.events.latestVersion('counter-a')).toBe(1)
  })

  test('means nothing where somebody stored it without an actor', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const event = { type: 'Added', data: { by: 1 }, metadata: { commandId: 'x' } }
    await node.events.append('counter-a', [event, event], { expectedVersion: 0 })
    const { version, events } = await node.get(Counter, 'a').add({ by: 1 }, { commandId: 'x' })
    expect([version, events.length]).toEqual([3, 1])
  })
})

describe('bounds', () => {
  test.each([
    [{ batchCommands: 0 }],
    [{ mailboxCommands: Number.NaN }],
    [{ batchEvents: -1 }],
    [{ liveActors: 0 }],
    [{ conflictRetries: 1.5 }],
    [{ rememberedCommands: '5' as unknown as number }],
  ])('%o are refused', async (limits) => {
    const opening = open({ backend: memory(), actors: [Counter], limits })
    await expect(opening).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('of one live actor let a new one work while another is busy', async () => {
    await using node = await open({
      backend: memory(),
      actors: [Counter],
      limits: { liveActors: 1 },
    })
    const sends = ['a', 'b'].flatMap((key) =>
      Array.from({ length: 8 }, () => node.get(Counter, key).add({ by: 1 })),
    )
    const results = await Promise.all(sends)
    expect(results.map((result) => result.version)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8,
    ])
  })
})

test.each([
  [
    'throws',
    () => {
      throw new Error('schema is broken')
    },
  ],
  ['rejects', () => Promise.reject(new Error('schema is broken'))],
])(
  'a schema of an input that %s fails its command as code of the actor',
  async (_label, validate) => {
    const input = { '~standard': { version: 1 as const, vendor: 'test', validate } }
    const Broken = actor('broken', {
      state: 0,
      events: {},
      evolve: {},
      commands: { go: { input, decide: () => undefined } },
    })
    await using node = await open({ backend: memory(), actors: [Broken] })
    await expect(node.send('broken-a', 'go', {})).rejects.toMatchObject({ code: 'actor-failed' })
  },
)

test('a schema of an event that is asynchronous fails the command, also where it rejects', async () => {
  const validate = (): Promise<never> => Promise.reject(new Error('too late'))
  const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } }
  const Late = actor('late', {
    state: 0,
    events: { Came: schema },
    evolve: { Came: (s) => s },
    commands: { come: { decide: (_s, _c, on) => on.Came(undefined as never) } },
  })
  await using node = await open({ backend: memory(), actors: [Late] })
  await expect(node.get(Late, 'a').come()).rejects.toMatchObject({ code: 'invalid-event' })
})

test('a schema of an event that throws is a failure of the actor, and what it cannot read is malformed', async () => {
  let isBroken = true
  const validate = (value: unknown): { value: object } => {
    if (isBroken) throw new TypeError('the schema is broken')
    return { value: value as object }
  }
  const schema = { '~standard': { version: 1 as const, vendor: 'test', validate } }
  const Odd = actor('odd', {
    state: 0,
    events: { Came: schema },
    evolve: { Came: (s) => s + 1 },
    commands: { come: { decide: (_s, _c, on) => on.Came({}) } },
  })
  await using node = await open({
    backend: memory(),
    actors: [Odd],
    limits: { failuresInARow: 3, liveActors: 1 },
  })
  const a = node.get(Odd, 'a')
  await expect(a.come()).rejects.toMatchObject({
    code: 'actor-failed',
    message: expect.stringContaining('the schema of Came: the schema is broken'),
  })
  isBroken = false
  expect((await a.come()).version).toBe(1)
  isBroken = true
  const malformed = { code: 'malformed-event', message: expect.stringContaining('is broken') }
  await expect(node.state(node.get(Odd, 'a'), { version: 1 })).rejects.toMatchObject(malformed)
  for (let i = 0; i < 3; i++) await expect(a.come()).rejects.toMatchObject({ retryable: false })
  expect(node.quarantined).toMatchObject([{ actorId: 'odd-a' }])
})
