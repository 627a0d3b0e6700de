import { open, systemClock } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { type Appended, Counter, watched } from './counter.ts'

const coded = (code: string): unknown => expect.objectContaining({ code })

describe('a command', () => {
  test('after each answer, for ever, keeps no timer waiting', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    let isOver = false
    const timer = setTimeout(() => (isOver = true), 20)
    const counter = node.get(Counter, 'a')
    let commands = 0
    // Ends in any case: while nothing else happens, no time-out would end it.
    for (; commands < 300_000; commands++) {
      if (isOver) break
      await counter.add({ by: 1 })
    }
    clearTimeout(timer)
    expect(commands).toBeLessThan(300_000)
  })

  test('is answered with version, state and what was stored', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    await counter.add({ by: 1 })
    const result = await counter.addTwice({ by: 5 })
    expect(result).toMatchObject({
      actorId: 'counter-a',
      version: 3,
      state: { total: 11, steps: 3 },
    })
    const stored = await Array.fromAsync(node.events.read('counter-a'))
    expect(result.events).toEqual(stored.slice(1))
  })

  test('without an event stores nothing and answers with the state', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const result = await node.get(Counter, 'a').nothing()
    expect(result).toEqual({
      actorId: 'counter-a',
      version: 0,
      position: 0,
      events: [],
      state: { total: 0, steps: 0 },
    })
  })

  test('knows its context, and its metadata goes into the events', async () => {
    const clock = { ...systemClock, now: () => 1_000 }
    await using node = await open({ backend: memory(), actors: [Counter], clock })
    const counter = node.get(Counter, 'a')
    await counter.add({ by: 1 })
    const { events } = await counter.tell(undefined, {
      commandId: 'c-1',
      metadata: { userId: 'u' },
    })
    expect(events[0]?.metadata).toMatchObject({ userId: 'u', own: 'yes', commandId: 'c-1' })
    expect(events[0]?.time).toBe('1970-01-01T00:00:01.000Z')
    expect(JSON.parse((events[0]!.data as { note: string }).note)).toEqual({
      actorId: 'counter-a',
      version: 1,
      now: 1_000,
      commandId: 'c-1',
      metadata: { userId: 'u' },
    })
  })

  test.each([
    ['throwing', 'actor-failed', 'decide is broken'],
    ['breaking', 'actor-failed', 'evolve is broken'],
    ['later', 'actor-failed', 'synchronous'],
    ['text', 'actor-failed', 'decide of text: it must give events'],
    ['list', 'actor-failed', 'but gave an object that is none of them'],
    ['wrongEvent', 'invalid-event', 'by: '],
    ['unstorable', 'invalid-event', 'NaN at $.by'],
  ] as const)('%s fails with %s, and the actor goes on', async (name, code, text) => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    await counter.add({ by: 1 })
    const failure = counter[name]()
    await expect(failure).rejects.toThrow(coded(code))
    await expect(failure).rejects.toThrow(text)
    expect(await counter.add({ by: 1 })).toMatchObject({ version: 2, state: { total: 2 } })
  })

  test('is refused by code, with the details of the actor', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    await expect(node.get(Counter, 'a').addBelow({ by: 2, limit: 1 })).rejects.toMatchObject({
      code: 'command-rejected',
      actorId: 'counter-a',
      command: 'addBelow',
      rejection: 'too-much',
      details: { total: 0 },
    })
  })

  test('with a wrong name, type or input never reaches an actor', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    await expect(node.send('counter-a', 'fly', {})).rejects.toThrow(coded('unknown-command'))
    await expect(node.send('counter-a', 'toString', {})).rejects.toThrow(coded('unknown-command'))
    await expect(node.send('account-a', 'add', {})).rejects.toThrow(coded('unknown-actor-type'))
    await expect(node.send('counter-a', 'add', { by: '1' })).rejects.toMatchObject({
      code: 'invalid-input',
      issues: [{ path: 'by' }],
    })
    expect(() => node.get(Counter, '')).toThrow(coded('invalid-actor-id'))
    expect(await Array.fromAsync(node.events.readAll())).toEqual([])
  })
})

describe('commands sent together', () => {
  test('keep their order, and go into one append', async () => {
    const appends: Appended[] = []
    const backend = watched(memory(), async (append) => void appends.push(append))
    await using node = await open({ backend, actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const results = await Promise.all(Array.from({ length: 100 }, (_, by) => counter.add({ by })))
    expect(results.map((result) => result.version)).toEqual(
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
    expect(results[3]?.state).toEqual({ total: 0 + 1 + 2 + 3, steps: 4 })
    expect(results.map((result) => result.events.length)).toEqual(
      Array.from({ length: 100 }, () => 1),
    )
    expect(results[99]?.events[0]?.data).toEqual({ by: 99 })
    expect(appends).toHaveLength(1)
  })

  test('keep their order also where only some of them have input', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const results = await Promise.all([
      counter.add({ by: 1 }),
      counter.tell(),
      counter.add({ by: 1 }),
      counter.nothing(),
      counter.add({ by: 1 }),
    ])
    expect(results.map((result) => result.version)).toEqual([1, 2, 3, 3, 4])
  })

  test('are decided on the state that their predecessors leave; a refused one leaves no trace', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const results = await Promise.allSettled([
      counter.addBelow({ by: 6, limit: 10 }),
      counter.addBelow({ by: 6, limit: 10 }),
      counter.throwing(),
      counter.breaking(),
      counter.addBelow({ by: 4, limit: 10 }),
    ])
    expect(results.map((result) => result.status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect(results[1]).toMatchObject({ reason: { details: { total: 6 } } })
    expect(results[4]).toMatchObject({ value: { version: 2, state: { total: 10 } } })
    expect(await Array.fromAsync(node.events.read('counter-a'))).toHaveLength(2)
  })

  test('that have more events than an append may hold go into several', async () => {
    const appends: Appended[] = []
    const backend = watched(memory(), async (append) => void appends.push(append))
    await using node = await open({ backend, actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const results = await Promise.all([
      counter.addMany({ count: 600 }),
      counter.addMany({ count: 600 }),
      counter.addMany({ count: 400 }),
    ])
    expect(results.map((result) => result.version)).toEqual([600, 1_200, 1_600])
    expect(appends.map((append) => append.types.length)).toEqual([600, 1_000])
  })

  test('do not suffer from one that is too large for an append', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const [, tooLarge, last] = await Promise.allSettled([
      counter.add({ by: 1 }),
      counter.addMany({ count: 1_001 }),
      counter.add({ by: 1 }),
    ])
    expect(tooLarge).toMatchObject({ status: 'rejected', reason: { code: 'too-large' } })
    expect(last).toMatchObject({ value: { version: 2, state: { total: 2 } } })
  })

  test('beyond the bound of the mailbox are refused as overloaded, the others are not', async () => {
    await using node = await open({
      backend: memory(),
      actors: [Counter],
      limits: { mailboxCommands: 10 },
    })
    const counter = node.get(Counter, 'a')
    const results = await Promise.allSettled(
      Array.from({ length: 25 }, () => counter.add({ by: 1 })),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(15)
    for (const { reason } of refused)
      expect(reason).toMatchObject({ code: 'overloaded', retryable: true })
    expect(await node.state(node.get(Counter, 'a'))).toMatchObject({
      version: 10,
      state: { total: 10 },
    })
  })

  test('can be taken back while they wait', async () => {
    const controller = new AbortController()
    const backend = watched(memory(), async () => controller.abort(new Error('changed my mind')))
    await using node = await open({ backend, actors: [Counter], limits: { batchCommands: 1 } })
    const counter = node.get(Counter, 'a')
    const [first, second, third] = await Promise.allSettled([
      counter.add({ by: 1 }, { signal: controller.signal }),
      counter.add({ by: 10 }, { signal: controller.signal }),
      counter.add({ by: 100 }),
    ])
    // The first was being stored already: it is answered with what happened.
    expect(first).toMatchObject({ value: { state: { total: 1 } } })
    expect(second).toMatchObject({ reason: new Error('changed my mind') })
    expect(third).toMatchObject({ value: { state: { total: 101 } } })
  })
})

describe('two nodes on one store', () => {
  test('lose nothing and double nothing', async () => {
    const backend = memory()
    const limits = { conflictRetries: 50 }
    await using one = await open({ backend, actors: [Counter], limits })
    await using two = await open({ backend, actors: [Counter], limits })
    const sends = Array.from({ length: 200 }, (_, i) =>
      (i % 2 ? one : two).get(Counter, `${i % 3}`).add({ by: 1 }),
    )
    await Promise.all(sends)
    for (const node of [one, two]) {
      const totals = await Promise.all(
        ['0', '1', '2'].map(async (key) => (await node.state(node.get(Counter, key))).state.total),
      )
      expect(totals.reduce((a, b) => a + b)).toBe(200)
    }
  })

  test('decide again on what the other one stored', async () => {
    const backend = memory()
    await using one = await open({ backend, actors: [Counter] })
    await using two = await open({ backend, actors: [Counter] })
    await one.get(Counter, 'a').addBelow({ by: 6, limit: 10 })
    await two.get(Counter, 'a').addBelow({ by: 4, limit: 10 })
    await expect(one.get(Counter, 'a').addBelow({ by: 1, limit: 10 })).rejects.toMatchObject({
      details: { total: 10 },
    })
    expect((await one.state(one.get(Counter, 'a'))).state.total).toBe(10)
    expect(await one.get(Counter, 'a').addBelow({ by: 1, limit: 11 })).toMatchObject({
      version: 3,
      state: { total: 11 },
    })
  })

  test('refuse nothing because of what is no longer true', async () => {
    const backend = memory()
    await using one = await open({ backend, actors: [Counter] })
    await using two = await open({ backend, actors: [Counter] })
    await one.get(Counter, 'a').add({ by: 10 })
    await two.get(Counter, 'a').add({ by: -5 })
    expect(await one.get(Counter, 'a').addBelow({ by: 1, limit: 10 })).toMatchObject({ version: 3 })
    await two.get(Counter, 'a').add({ by: 7 })
    expect(await one.get(Counter, 'a').nothing()).toMatchObject({
      version: 4,
      state: { total: 13 },
    })
  })

  test('give up with a conflict when somebody is always faster', async () => {
    let rivals = 0
    const backend = watched(memory(), async ({ actorId }, store) => {
      rivals++
      await store.append(actorId, [{ type: 'Added', data: { by: 1 } }], { expectedVersion: 'any' })
    })
    await using node = await open({ backend, actors: [Counter] })
    await expect(node.get(Counter, 'a').add({ by: 100 })).rejects.toMatchObject({
      code: 'version-conflict',
      retryable: true,
      actorId: 'counter-a',
      currentVersion: 4,
    })
    expect(rivals).toBe(4)
    expect((await node.state(node.get(Counter, 'a'))).state.total).toBe(4)
  })
})

describe('an actor', () => {
  test('can be looked at in its past, and without being there', async () => {
    await using node = await open({ backend: memory(), actors: [Counter] })
    await node.get(Counter, 'a').addMany({ count: 5 })
    expect(await node.state(node.get(Counter, 'a'), { version: 3 })).toEqual({
      actorId: 'counter-a',
      version: 3,
      state: { total: 3, steps: 3 },
    })
    expect(await node.state(node.get(Counter, 'a'), { version: 0 })).toMatchObject({
      version: 0,
      state: { total: 0 },
    })
    expect(await node.state(node.get(Counter, 'b'))).toMatchObject({
      version: 0,
      state: { total: 0 },
    })
    for (const version of [-1, 0.5, NaN])
      await expect(node.state(node.get(Counter, 'a'), { version })).rejects.toMatchObject({
        code: 'invalid-argument',
        message: `version must be a whole number from 0, not ${version}`,
      })
    await expect(node.state(node.get(Counter, 'a'), { version: 6 })).rejects.toThrow(
      'at version 5: there is no version 6',
    )
  })

  test('whose stored events the definition can not read says which, and stores nothing', async () => {
    const backend = memory()
    await using node = await open({ backend, actors: [Counter] })
    const { events } = node
    await events.append(
      'counter-a',
      [
        { type: 'Added', data: { by: 1 } },
        { type: 'Gone', data: {} },
      ],
      { expectedVersion: 0 },
    )
    await events.append('counter-b', [{ type: 'Added', data: { by: 'x' } }], { expectedVersion: 0 })
    await expect(node.get(Counter, 'a').add({ by: 1 })).rejects.toMatchObject({
      code: 'malformed-event',
      position: 2,
      actorId: 'counter-a',
    })
    await expect(node.state(node.get(Counter, 'b'))).rejects.toMatchObject({
      code: 'malformed-event',
      position: 3,
    })
    await expect(node.get(Counter, 'a').add({ by: 1 })).rejects.toMatchObject({
      code: 'malformed-event',
    })
    expect(await events.latestVersion('counter-a')).toBe(2)
  })

  test('is let go when too many live, and comes back as it was', async () => {
    await using node = await open({
      backend: memory(),
      actors: [Counter],
      limits: { liveActors: 10 },
    })
    for (let round = 1; round <= 3; round++) {
      for (let key = 0; key < 30; key++) {
        const { state } = await node.get(Counter, `${key}`).add({ by: 1 })
        expect(state.total).toBe(round)
      }
    }
  })
})

describe('a node', () => {
  test('finishes what is under way before it closes, and then takes nothing more', async () => {
    const backend = memory()
    const node = await open({ backend, actors: [Counter] })
    const counter = node.get(Counter, 'a')
    const results = Array.from({ length: 10 }, () => counter.add({ by: 1 }))
    await results[0]
    const late = counter.add({ by: 1 })
    await Promise.all([node.close(), node.close()])
    expect(await late).toMatchObject({ state: { total: 11 } })
    await expect(counter.add({ by: 1 })).rejects.toThrow(coded('closed'))
  })

  test('refuses two definitions of one type', async () => {
    await expect(open({ backend: memory(), actors: [Counter, { ...Counter }] })).rejects.toThrow(
      coded('invalid-definition'),
    )
  })
})
