import { type Backend, type ErrorCode, type Node, open, type Reached, view } from 'aether'
import { memory } from 'aether/memory'
import { testNode, VirtualClock } from 'aether/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { backendKinds } from '../support/backend-kinds.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { until } from '../support/until.ts'
import { Account } from './bank.ts'

/** What the handlers of {@link Journal} don't like, until somebody mends them. */
const poison = new Set<string>()
afterEach(() => poison.clear())

/** A cluster that elects a leader may take long. */
const limits = { commandTimeoutMs: 60_000 }

function opened(backend: Backend, logger: Logbook) {
  return open({ backend, actors: [Account], projections: [Journal], logger, limits })
}

/** What happened to each account, in order. */
const Journal = view({
  name: 'journal',
  actors: [Account],
  state: { entries: [] as string[] },
  retryMs: 10,
  retries: 2,
  on: {
    Opened: ({ entries }, { data }) => ({ entries: [...entries, data.owner] }),
    Deposited: ({ entries }, { key, data, version }) => {
      if (poison.has(`${key}/${version}`)) throw new RangeError(`${key} is poisoned`)
      return { entries: [...entries, `+${data.amount}`] }
    },
  },
})

const stored = async (node: Node): Promise<Reached> =>
  node.projection(Journal).reached(await node.events.lastPosition(), { timeoutMs: 60_000 })

async function untilParked(node: Node): Promise<void> {
  await until(async () => (await node.projection(Journal).status()).parked === 1, {
    description: 'the actor is parked',
    timeoutMs: 60_000,
  })
}

async function untilFree(node: Node): Promise<void> {
  await until(async () => (await node.projection(Journal).parked()).length === 0, {
    description: 'the actor is free',
    timeoutMs: 60_000,
  })
}

describe.for(backendKinds)('an event that fails, on $name', (kind) => {
  test('is parked with its successors, others flow; mended and retried, all is as if never', async () => {
    await using source = await kind.start()
    const backend = source.fresh()
    const logger = new Logbook()
    poison.add('bob/2')
    {
      await using node = await opened(backend, logger)
      const handle = node.projection(Journal)
      for (const amount of [1, 2, 3])
        for (const key of ['alice', 'bob', 'carol'])
          await node.get(Account, key).deposit({ amount })
      await stored(node)
      await untilParked(node)
      expect(await handle.parked()).toMatchObject([
        {
          actorId: 'account-bob',
          state: 'parked',
          build: 1,
          version: 2,
          type: 'Deposited',
          tries: 3,
          cause: { message: 'bob is poisoned', stack: expect.stringContaining('at ') },
        },
      ])
      expect(await node.view(Journal).get('alice')).toEqual({ entries: ['+1', '+2', '+3'] })
      expect(await node.view(Journal).get('bob')).toEqual({ entries: ['+1'] })
      // Who reads what it wrote is told that it can't, and so is who looks at the lag.
      const end = await node.events.lastPosition()
      expect(await handle.reached(1)).toEqual({ heldBack: [] })
      expect(await handle.reached(end)).toEqual({ heldBack: ['account-bob'] })
      const position = (await handle.parked())[0]?.position ?? Number.NaN
      expect(await handle.reached(position)).toEqual({ heldBack: ['account-bob'] })
      expect(await handle.reached(position - 1)).toEqual({ heldBack: [] })
      const { lag } = await handle.status()
      expect(lag).toEqual({ events: 0, seconds: expect.any(Number) })
      expect(lag.seconds).toBeGreaterThan(0)
    }
    expect(logger.messages.join()).toContain('account-bob is parked by the view journal')

    // Who takes over tries it once more, as its code may be another; what comes meanwhile waits behind it.
    await using node = await opened(backend, logger)
    await until(async () => (await node.projection(Journal).parked())[0]?.tries === 4, {
      description: 'it was tried once more',
      timeoutMs: 60_000,
    })
    const [parked] = await node.projection(Journal).parked()
    expect(parked).toMatchObject({ state: 'parked', since: expect.stringMatching(/^20.*Z$/) })
    expect(parked).not.toHaveProperty('nextTry')
    await node.get(Account, 'bob').deposit({ amount: 4 })
    await node.get(Account, 'alice').deposit({ amount: 4 })
    await stored(node)
    expect(await node.view(Journal).get('alice')).toEqual({ entries: ['+1', '+2', '+3', '+4'] })
    expect(await node.view(Journal).get('bob')).toEqual({ entries: ['+1'] })

    poison.clear()
    expect(await node.projection(Journal).retry('account-bob')).toBe(true)
    expect(await node.projection(Journal).retry('account-alice')).toBe(false)
    await untilFree(node)
    await node.get(Account, 'bob').deposit({ amount: 5 })
    expect(await stored(node)).toEqual({ heldBack: [] })
    expect((await node.projection(Journal).status()).lag).toEqual({ events: 0, seconds: 0 })
    expect(await node.view(Journal).get('bob')).toEqual({
      entries: ['+1', '+2', '+3', '+4', '+5'],
    })
  })

  test('is free once a node takes over whose code is mended, without anybody asking', async () => {
    await using source = await kind.start()
    const logger = new Logbook()
    const backend = source.fresh()
    poison.add('bob/2')
    {
      await using node = await opened(backend, logger)
      for (const amount of [1, 2, 3]) await node.get(Account, 'bob').deposit({ amount })
      await untilParked(node)
    }
    poison.clear()
    await using node = await opened(backend, logger)
    await untilFree(node)
    expect(await node.view(Journal).get('bob')).toEqual({ entries: ['+1', '+2', '+3'] })
  })

  test('can be skipped with a reason, alone', async () => {
    await using source = await kind.start()
    const logger = new Logbook()
    const backend = source.fresh()
    poison.add('bob/2')
    await using node = await opened(backend, logger)
    for (const amount of [1, 2, 3]) await node.get(Account, 'bob').deposit({ amount })
    await stored(node)
    expect(await node.projection(Journal).skip('account-bob', 'counted twice')).toBe(true)
    await untilFree(node)
    expect(await node.view(Journal).get('bob')).toEqual({ entries: ['+1', '+3'] })
    expect(logger.messages.join()).toContain(
      'Deposited of account-bob is passed over: counted twice',
    )
  })
})

test('an actor that fails for a while is tried again, later and later, and free by itself', async () => {
  poison.add('bob/1')
  const clock = new VirtualClock()
  await using home = await testNode({ actors: [Account], projections: [Journal], clock })
  const { node, log } = home
  await node.get(Account, 'bob').deposit({ amount: 1 })
  await clock.advance(0)
  const tries = (): number => log.messages.filter((line) => line.includes('account-bob')).length
  expect(tries()).toBe(1)
  await clock.advance(9)
  expect(tries()).toBe(1)
  await clock.advance(1)
  expect(tries()).toBe(2)
  poison.clear()
  await clock.advance(19)
  expect(await node.view(Journal).get('bob')).toBeUndefined()
  await clock.advance(1)
  expect(await node.view(Journal).get('bob')).toEqual({ entries: ['+1'] })
})

/** Time goes on, but the time of day may be set back. */
class ClockOnTheWall extends VirtualClock {
  setBackMs = 0

  override now(): number {
    return super.now() - this.setBackMs
  }
}

test.each([60_000, 3_600_000, 30 * 86_400_000])(
  'an actor is tried again in time where the clock was set back by %i ms',
  async (ms) => {
    poison.add('bob/1')
    const clock = new ClockOnTheWall()
    await using home = await testNode({ actors: [Account], projections: [Journal], clock })
    const { node } = home
    await node.get(Account, 'bob').deposit({ amount: 1 })
    await clock.advance(0)
    const [held] = await node.projection(Journal).parked()
    expect(held).toMatchObject({ tries: 1, nextTry: expect.stringMatching(/^20.*Z$/) })
    poison.clear()
    clock.setBackMs = ms
    await clock.advance(30)
    expect(await node.view(Journal).get('bob')).toEqual({ entries: ['+1'] })
  },
)

test('the lag is the age of the oldest event that is held back, and not of others', async () => {
  poison.add('bob/1')
  poison.add('carol/1')
  const clock = new VirtualClock()
  await using home = await testNode({ actors: [Account], projections: [Journal], clock })
  const { node } = home
  const lag = async (): Promise<unknown> => (await node.projection(Journal).status()).lag
  await node.get(Account, 'bob').deposit({ amount: 1 })
  await clock.advance(60_000)
  await node.get(Account, 'alice').deposit({ amount: 1 })
  await node.get(Account, 'carol').deposit({ amount: 1 })
  await clock.advance(30_000)
  expect(await lag()).toEqual({ events: 0, seconds: 90 })
  // It failed again just now; its event is as old as it is.
  await node.projection(Journal).retry('account-bob')
  await clock.advance(5_000)
  expect(await lag()).toEqual({ events: 0, seconds: 95 })
  await node.projection(Journal).skip('account-bob', 'counted twice')
  await clock.advance(1_000)
  expect(await lag()).toEqual({ events: 0, seconds: 36 })
  poison.clear()
  await node.projection(Journal).retryAll()
  await clock.advance(1_000)
  expect(await lag()).toEqual({ events: 0, seconds: 0 })
})

test('an event that its actor does not know is held back with the actor, not passed over', async () => {
  const logger = new Logbook()
  await using node = await open({
    backend: memory(),
    actors: [Account],
    projections: [Journal],
    logger,
  })
  await node.events.append('account-eve', [{ type: 'Renamed', data: {} }], { expectedVersion: 0 })
  await node.events.append('account-eve', [{ type: 'Deposited', data: { amount: 'much' } }], {
    expectedVersion: 1,
  })
  await node.get(Account, 'alice').deposit({ amount: 1 })
  await stored(node)
  expect(await node.projection(Journal).parked()).toMatchObject([
    { actorId: 'account-eve', version: 1, cause: { code: 'malformed-event' satisfies ErrorCode } },
  ])
  await node.projection(Journal).skip('account-eve', 'not ours')
  await until(async () => (await node.projection(Journal).parked())[0]?.version === 2, {
    description: 'the next event fails',
  })
})

test('what is skipped is the event that failed, and never the next one, which nobody has tried', async () => {
  poison.add('bob/1')
  poison.add('bob/2')
  const clock = new VirtualClock()
  await using home = await testNode({ actors: [Account], projections: [Journal], clock })
  const { node } = home
  for (const amount of [1, 2, 3]) await node.get(Account, 'bob').deposit({ amount })
  await clock.advance(1_000)
  const handle = node.projection(Journal)
  const [first] = await handle.parked()
  expect(first).toMatchObject({ version: 1 })
  expect(await handle.skip('account-bob', 'counted twice')).toBe(true)
  expect(await handle.skip('account-bob', 'counted twice')).toBe(false)
  await clock.advance(1_000)
  expect(await handle.parked()).toMatchObject([{ state: 'parked', version: 2 }])
  // The one that was meant is passed over by now.
  const meant = { position: first?.position ?? Number.NaN }
  expect(await handle.skip('account-bob', 'counted twice', meant)).toBe(false)
  await clock.advance(1_000)
  const [second] = await handle.parked()
  expect(second).toMatchObject({ state: 'parked', version: 2 })
  const other = { position: second?.position ?? Number.NaN }
  expect(await handle.skip('account-bob', 'counted twice', other)).toBe(true)
  await clock.advance(1_000)
  expect(await node.view(Journal).get('bob')).toEqual({ entries: ['+3'] })
})
