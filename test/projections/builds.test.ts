import { setImmediate } from 'node:timers/promises'
import { open, view } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { backendKinds } from '../support/backend-kinds.ts'
import { until } from '../support/until.ts'
import { Account, Balances } from './bank.ts'

const patience = { timeoutMs: 60_000 }

/** A cluster that elects a leader may take long. */
const limits = { commandTimeoutMs: 60_000 }

describe.for(backendKinds)('builds, on $name', (kind) => {
  test('a rebuild under load is never seen half, and takes the place of the old one', async () => {
    await using source = await kind.start()
    await using node = await open({
      backend: source.fresh(),
      actors: [Account],
      projections: [Balances],
      limits,
    })
    const alice = node.get(Account, 'alice')
    for (let i = 0; i < 50; i++) await alice.deposit({ amount: 1 })
    await node.projection(Balances).reached(await node.events.lastPosition(), patience)

    let isOver = false
    const seen: number[] = []
    const reading = (async () => {
      while (!isOver) {
        const { position, state } = await alice.deposit({ amount: 1 })
        await node.projection(Balances).reached(position, patience)
        const balance = (await node.view(Balances).get('alice'))?.balance ?? 0
        expect(balance).toBe(state.balance)
        seen.push(balance)
        await setImmediate() // in memory, nothing else would get a turn
      }
    })()
    const build = await node.projection(Balances).rebuild()
    expect(build).toBe(2)
    await until(async () => (await node.projection(Balances).status()).build === build, {
      description: 'the build is active',
      ...patience,
    })
    const before = seen.length
    await until(() => seen.length > before + 5, { description: 'it is read', ...patience })
    isOver = true
    await reading
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect(await node.projection(Balances).status()).toMatchObject({ state: 'live', build: 2 })
  })

  test('a new version is made beside the old one, which goes on until then', async () => {
    await using source = await kind.start()
    const backend = source.fresh()
    const Doubled = view({
      name: 'balances',
      version: 2,
      actors: [Account],
      state: { doubled: 0 },
      on: { Deposited: (v, { data }) => ({ doubled: v.doubled + 2 * data.amount }) },
    })
    await using old = await open({ backend, actors: [Account], projections: [Balances], limits })
    const first = await old.get(Account, 'alice').deposit({ amount: 5 })
    await old.projection(Balances).reached(first.position, patience)
    {
      await using node = await open({ backend, actors: [Account], projections: [Doubled], limits })
      await until(async () => (await node.projection(Doubled).status()).build === 2, {
        description: 'the build is active',
        ...patience,
      })
      expect(await node.view(Doubled).get('alice')).toEqual({ doubled: 10 })
    }
    await until(async () => (await old.projection(Balances).status()).build === 2, {
      description: 'the old node has noticed',
      ...patience,
    })
    expect(await old.projection(Balances).status()).toMatchObject({
      state: 'failed',
      version: 1,
      readVersion: 2,
      error: { message: expect.stringContaining('a newer one is read') },
    })
  })

  test('after a rollback what is read is made by the older code again, where that is asked for', async () => {
    await using source = await kind.start()
    const backend = source.fresh()
    const Newer = view({
      name: 'balances',
      version: 2,
      actors: [Account],
      state: { doubled: 0 },
      on: { Deposited: (v, { data }) => ({ doubled: v.doubled + 2 * data.amount }) },
    })
    await using old = await open({ backend, actors: [Account], projections: [Balances], limits })
    const first = await old.get(Account, 'alice').deposit({ amount: 5 })
    const handle = old.projection(Balances)
    // Only then is it certain that the first build is of the older code.
    await handle.reached(first.position, patience)
    {
      await using node = await open({ backend, actors: [Account], projections: [Newer], limits })
      await until(async () => (await node.projection(Newer).status()).build === 2, {
        description: 'the newer one is read',
        ...patience,
      })
      await expect(handle.rebuild({ back: true })).rejects.toMatchObject({
        code: 'invalid-argument',
        message: expect.stringContaining('nodes run version 2'),
      })
    }
    await expect(handle.rebuild()).rejects.toThrow('version 2 is there')
    expect(await handle.rebuild({ back: true })).toBe(3)
    const { position } = await old.get(Account, 'alice').deposit({ amount: 1 })
    await until(async () => (await handle.status()).build === 3, {
      description: 'the older one is read',
      ...patience,
    })
    await handle.reached(position, patience)
    expect(await old.view(Balances).get('alice')).toMatchObject({ balance: 6 })
    await until(async () => (await handle.status()).state === 'live', {
      description: 'it is live',
      ...patience,
    })
    expect(await handle.status()).not.toHaveProperty('readVersion')
    // And forward again, some day.
    await using again = await open({ backend, actors: [Account], projections: [Newer], limits })
    await until(async () => (await again.projection(Newer).status()).build === 4, {
      description: 'the newer one is read again',
      ...patience,
    })
    expect(await again.view(Newer).get('alice')).toEqual({ doubled: 12 })
  })

  test('tells of a build that nobody makes any more', async () => {
    await using source = await kind.start()
    const backend = source.fresh()
    const Newer = view({
      ...{ name: 'balances', version: 2, actors: [Account], state: 0, retryMs: 1, retries: 0 },
      on: {
        Deposited: () => {
          throw new Error('a bug')
        },
      },
    })
    await using old = await open({ backend, actors: [Account], projections: [Balances], limits })
    const { position } = await old.get(Account, 'alice').deposit({ amount: 5 })
    await old.projection(Balances).reached(position, patience)
    const status = () => old.projection(Balances).status()
    {
      // It never shows as much as the one that is read.
      await using _node = await open({ backend, actors: [Account], projections: [Newer], limits })
      await until(async () => (await status()).next?.members === 1, {
        description: 'it is made',
        ...patience,
      })
    }
    await until(async () => (await status()).next?.members === 0, {
      description: 'nobody makes it',
      ...patience,
    })
    expect(await status()).toMatchObject({ build: 1, next: { build: 2, version: 2, members: 0 } })
  })

  test('what is paused stands still, also after a restart, until it is resumed', async () => {
    await using source = await kind.start()
    const backend = source.fresh()
    {
      await using node = await open({ backend, actors: [Account], projections: [Balances], limits })
      const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
      await node.projection(Balances).reached(position, patience)
      await node.projection(Balances).pause()
    }
    await using node = await open({ backend, actors: [Account], projections: [Balances], limits })
    await until(async () => (await node.projection(Balances).status()).state === 'paused', {
      description: 'it is paused',
      ...patience,
    })
    const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
    const waiting = node.projection(Balances).reached(position, { timeoutMs: 100 })
    await expect(waiting).rejects.toMatchObject({ code: 'timeout' })
    expect(await node.view(Balances).get('alice')).toMatchObject({ balance: 1 })
    expect((await node.projection(Balances).status()).lag.events).toBe(1)
    await node.projection(Balances).resume()
    await node.projection(Balances).reached(position, patience)
    expect(await node.view(Balances).get('alice')).toMatchObject({ balance: 2 })
  })
})

test('two definitions of one name, and names and options that are none, are refused', async () => {
  const bad = { actors: [Account], state: 0, on: {} }
  expect(() => view({ name: 'Balances', ...bad })).toThrow('its name must be')
  expect(() => view({ name: 'a'.repeat(22), ...bad })).toThrow('21 characters')
  expect(() => view({ name: 'a', version: 0, ...bad })).toThrow('its version must be')
  expect(() => view({ name: 'a', retries: -1, ...bad })).toThrow('retries must be')
  expect(() => view({ name: 'a', ...bad, state: new Date() })).toThrow('must be JSON')
  const twice = open({ backend: memory(), actors: [Account], projections: [Balances, Balances] })
  await expect(twice).rejects.toMatchObject({ code: 'invalid-definition' })
  await using node = await open({ backend: memory(), actors: [Account] })
  expect(() => node.view('balances')).toThrow('no view "balances" was given to open()')
  expect(() => node.projection('balances')).toThrow('no projection "balances" was given')
})
