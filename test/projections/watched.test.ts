import { type ErrorCode, open, policy, view } from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BackendSource, backendKinds } from '../support/backend-kinds.ts'
import { until } from '../support/until.ts'
import { Account, Balances } from './bank.ts'

const patience = { timeoutMs: 120_000 }
const actors = [Account] as const

const NewBalances = view({
  name: 'balances',
  version: 2,
  actors,
  state: { deposits: 0 },
  on: { Deposited: (b) => ({ deposits: b.deposits + 1 }) },
})

describe.each(backendKinds.slice(0, 3))('a reader that is only watched, of $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => void (source = await start()))
  afterAll(() => source[Symbol.asyncDispose]())

  test('is read and waited for where others run it, who have all of its parts', async () => {
    const backend = source.fresh()
    await using _worker = await open({ backend, actors, projections: [Balances] })
    await using web = await open({ backend, actors, watched: [Balances] })
    for (const key of ['alice', 'bob', 'carol']) {
      const { position } = await web.get(Account, key).deposit({ amount: 5 })
      expect(await web.projection(Balances).reached(position, patience)).toEqual({ heldBack: [] })
      expect(await web.view(Balances).get(key)).toMatchObject({ balance: 5 })
    }
    expect(await web.projections()).toMatchObject([{ name: 'balances', members: 1, parked: 0 }])
  })

  test('is made by nobody where nobody runs it, and its node is ready', async () => {
    await using web = await open({ backend: source.fresh(), actors, watched: [Balances] })
    const { position } = await web.get(Account, 'alice').deposit({ amount: 5 })
    const inVain = web.projection(Balances).reached(position, { timeoutMs: 300 })
    await expect(inVain).rejects.toMatchObject({ code: 'timeout' satisfies ErrorCode })
    expect(await web.projection(Balances).status()).toMatchObject({ state: 'stopped', members: 0 })
    expect(await web.view(Balances).get('alice')).toBeUndefined()
    expect(await web.readiness()).toEqual({ ready: true, reasons: [] })
  })

  test('is steered, by who runs it', async () => {
    const backend = source.fresh()
    await using worker = await open({ backend, actors, projections: [Balances] })
    await using web = await open({ backend, actors, watched: [Balances] })
    const isPaused = async (): Promise<boolean> =>
      (await worker.projection(Balances).status()).state === 'paused'
    await web.projection(Balances).pause()
    await until(isPaused, { description: 'the worker has paused it' })
    const { position } = await web.get(Account, 'alice').deposit({ amount: 5 })
    await web.projection(Balances).resume()
    await web.projection(Balances).reached(position, patience)
  })

  test('is read through the switch to a build of newer code, and its node stays ready', async () => {
    const backend = source.fresh()
    await using web = await open({ backend, actors, watched: [Balances] })
    const old = await open({ backend, actors, projections: [Balances] })
    const first = await web.get(Account, 'alice').deposit({ amount: 5 })
    await web.projection(Balances).reached(first.position, patience)
    await old.close()
    await using _new = await open({ backend, actors, projections: [NewBalances] })
    const isNew = async (): Promise<boolean> =>
      (await web.projection(Balances).status()).build === 2
    await until(isNew, { description: 'the new build is read' })
    expect(await web.readiness()).toEqual({ ready: true, reasons: [] })
    const { position } = await web.get(Account, 'alice').deposit({ amount: 5 })
    await web.projection(Balances).reached(position, patience)
    expect(await web.view('balances').get('alice')).toEqual({ deposits: 2 })
  })

  test('does nothing, if it is a policy, and says when others have', async () => {
    const Gifts = policy({
      name: 'gifts',
      actors,
      on: {
        Opened: async ({ key }, ctx) => void (await ctx.get(Account, key).deposit({ amount: 1 })),
      },
    })
    const backend = source.fresh()
    await using worker = await open({ backend, actors, policies: [Gifts] })
    await using web = await open({ backend, actors, watched: [Gifts] })
    const { position } = await web.get(Account, 'alice').open({ owner: 'Alice' })
    await web.projection(Gifts).reached(position, patience)
    expect((await worker.state(worker.get(Account, 'alice'))).state).toMatchObject({ balance: 1 })
    expect((await web.projection(Gifts).status()).members).toBe(1)
  })
})

test('a reader is run or watched, not both', async () => {
  const opening = open({ backend: memory(), actors, projections: [Balances], watched: [Balances] })
  await expect(opening).rejects.toMatchObject({ code: 'invalid-definition' satisfies ErrorCode })
})

test('who waits for what is only watched is told that the node was closed', async () => {
  const web = await open({ backend: memory(), actors, watched: [Balances] })
  const waiting = web.projection(Balances).reached(1, { timeoutMs: Infinity })
  const told = expect(waiting).rejects.toMatchObject({ code: 'closed' satisfies ErrorCode })
  await web.close()
  await told
})
