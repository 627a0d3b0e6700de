import { open, view, type ViewDefinition } from 'aether'
import { memory } from 'aether/memory'
import { describe, expect, test } from 'vitest'
import { partNames } from '../../src/projections/progress/part.ts'
import { BuildRest } from '../../src/projections/steering/build-rest.ts'
import {
  activated,
  type ControlState,
  rebuilding,
  switchGivenUp,
  switchPlanned,
} from '../../src/projections/steering/control-state.ts'
import { ReaderControl } from '../../src/projections/steering/reader-control.ts'
import { ViewTarget } from '../../src/projections/views/view-target.ts'
import type { EventStore } from '../../src/store/index.ts'
import { VirtualClock } from '../../src/testing/index.ts'
import { until } from '../support/until.ts'
import { Account, Balances } from './bank.ts'

const patience = { timeoutMs: 60_000 }
const code = { version: 1, parts: 8 }

/** What a member does of a switch that leads it: it may be late, or gone in the middle. */
async function memberOf(store: EventStore): Promise<{ control: ReaderControl; rest: BuildRest }> {
  const target = new ViewTarget(store, { parts: 8, initial: () => ({}) })
  const build = { projection: 'balances', build: 1 }
  return {
    control: new ReaderControl(await store.table('readers'), 'balances', code),
    rest: new BuildRest(target, build, partNames(8), store.identity),
  }
}

/** A view that can't take the deposits of those who are in `failing`, in builds from the given one on. */
function journal(
  failing: Set<string>,
): ViewDefinition<{ owner: string; balance: number }, 'journal'> {
  return view({
    name: 'journal',
    actors: [Account],
    state: { owner: '', balance: 0 },
    retries: 0,
    on: {
      Deposited: (b, { key, data }) => {
        if (failing.has(key)) throw new Error(`${key} can't be taken`)
        return { ...b, balance: b.balance + data.amount }
      },
    },
  })
}

describe('a switch between builds', () => {
  test('is not made to a build that shows less, though it holds back no more actors', async () => {
    const failing = new Set(['alice'])
    const Journal = journal(failing)
    const clock = new VirtualClock()
    await using node = await open({
      backend: memory(),
      actors: [Account],
      projections: [Journal],
      logger: silent,
      clock,
    })
    await node.get(Account, 'alice').deposit({ amount: 1 })
    const { position } = await node.get(Account, 'bob').deposit({ amount: 1 })
    await node.projection(Journal).reached(position, patience)
    expect(await node.projection(Journal).parked()).toMatchObject([{ actorId: 'account-alice' }])
    failing.delete('alice')
    failing.add('bob')
    await node.projection(Journal).rebuild()
    const isHeldBack = async (): Promise<boolean> => {
      await clock.advance(100)
      return (await node.projection(Journal).parked()).length === 2
    }
    await until(isHeldBack, { description: 'the next build holds back bob', ...patience })
    // It is looked again and again.
    for (let look = 0; look < 50; look++) {
      await node.get(Account, 'carol').deposit({ amount: 1 })
      await clock.advance(100)
      expect(await node.view(Journal).get('bob')).toMatchObject({ balance: 1 })
    }
    failing.clear()
    await node.projection(Journal).retry('account-bob')
    const isSwitched = async (): Promise<boolean> => {
      await clock.advance(100)
      return (await node.projection(Journal).status()).build === 2
    }
    await until(isSwitched, { description: 'the next build is read', ...patience })
    expect(await node.view(Journal).get('bob')).toMatchObject({ balance: 1 })
    expect(await node.view(Journal).get('alice')).toMatchObject({ balance: 1 })
  })

  test('a build goes on that rests for a switch that is over, whoever made it so, however late', async () => {
    await using node = await open({
      backend: memory(),
      actors: [Account],
      projections: [Balances],
    })
    const alice = node.get(Account, 'alice')
    await node.projection(Balances).reached((await alice.deposit({ amount: 1 })).position, patience)
    const { control, rest } = await memberOf(node.events)
    const { attempts } = await control.change((state) => ({ ...state, attempts: 1 }))
    expect(await rest.begin(attempts)).toHaveLength(8)
    await node.projection(Balances).reached((await alice.deposit({ amount: 1 })).position, patience)
    expect(await node.view(Balances).get('alice')).toMatchObject({ balance: 2 })
  })

  test('one that was rebuilt in the middle of a switch is read on meanwhile', async () => {
    const backend = memory()
    let rested: ControlState
    {
      await using node = await open({ backend, actors: [Account], projections: [Balances] })
      const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
      await node.projection(Balances).reached(position, patience)
      const { control, rest } = await memberOf(node.events)
      // As if the code of version 2 had been there, and was taken back.
      const begun = await control.change(rebuilding({ version: 0, parts: 8 }, 0))
      rested = await control.change(switchPlanned(begun.last))
      await rest.begin(rested.attempts)
    }
    await using node = await open({ backend, actors: [Account], projections: [Balances] })
    const build = await node.projection(Balances).rebuild()
    const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
    await node.projection(Balances).reached(position, patience)
    await until(async () => (await node.projection(Balances).status()).build === build, {
      description: 'the last build is read',
      ...patience,
    })
    const { control } = await memberOf(node.events)
    const late = await control.change(activated(rested.last, rested.attempts, 0))
    expect(late).toMatchObject({ active: 3, builds: [{ build: 3, version: 1, parts: 8 }] })
  })

  test('a build goes on where all who make the next one are gone', async () => {
    const clock = new VirtualClock()
    await using node = await open({
      backend: memory(),
      actors: [Account],
      projections: [Balances],
      clock,
    })
    const { control, rest } = await memberOf(node.events)
    const begun = await control.change(rebuilding({ version: 0, parts: 8 }, 0))
    const { attempts } = await control.change(switchPlanned(begun.last))
    await rest.begin(attempts)
    const since = clock.monotonic()
    const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
    const reached = node.projection(Balances).reached(position, { timeoutMs: 120_000 })
    let isThere = false
    void reached.then(() => (isThere = true))
    await until(async () => (await clock.advance(100), isThere), {
      description: 'it goes on',
      intervalMs: 1,
      ...patience,
    })
    expect(clock.monotonic() - since).toBeGreaterThan(19_000)
    expect(clock.monotonic() - since).toBeLessThan(40_000)
  })

  test('two nodes that make the next build, and one that pauses it, come to the same', async () => {
    const backend = memory()
    const settings = { backend, actors: [Account], projections: [Balances] }
    await using one = await open(settings)
    await using two = await open(settings)
    const alice = one.get(Account, 'alice')
    for (let round = 1; round <= 5; round++) {
      await alice.deposit({ amount: 1 })
      const build = await (round % 2 === 0 ? one : two).projection(Balances).rebuild()
      if (round % 2 === 0) {
        await two.projection(Balances).pause()
        await alice.deposit({ amount: 1 })
        await one.projection(Balances).resume()
      }
      for (const node of [one, two])
        await until(async () => (await node.projection(Balances).status()).build === build, {
          description: `build ${build} is read`,
          ...patience,
        })
      const { position, state } = await alice.deposit({ amount: 1 })
      for (const node of [one, two]) {
        await node.projection(Balances).reached(position, patience)
        expect(await node.view(Balances).get('alice')).toMatchObject({ balance: state.balance })
      }
    }
    const { control } = await memberOf(one.events)
    expect(await control.read()).toMatchObject({ active: 6, last: 6, switching: undefined })
    expect((await control.read()).builds).toHaveLength(1)
  })

  test.each([
    [2, 16],
    [16, 2],
  ])('from %i parts to %i', async (before, after) => {
    const backend = memory()
    const spec = (version: number, parts: number): typeof Balances =>
      view({
        name: 'balances',
        version,
        parts,
        actors: [Account],
        state: { owner: '', balance: 0 },
        on: { Deposited: (b, { data }) => ({ ...b, balance: b.balance + data.amount }) },
      })
    const [Old, New] = [spec(1, before), spec(2, after)]
    const keys = Array.from({ length: 20 }, (_, n) => `a${n}`)
    await using old = await open({ backend, actors: [Account], projections: [Old] })
    for (const key of keys) await old.get(Account, key).deposit({ amount: 1 })
    await old.projection(Old).reached(await old.events.lastPosition(), patience)
    await using node = await open({ backend, actors: [Account], projections: [New] })
    await until(async () => (await node.projection(New).status()).build === 2, {
      description: 'the new version is read',
      ...patience,
    })
    // Nothing was handled of it any more, in whichever part.
    const target = new ViewTarget(node.events, { parts: before, initial: () => ({}) })
    const parts = await target.load({ projection: 'balances', build: 1 })
    expect(parts.map(({ part }) => part)).toEqual(partNames(before))
    expect(parts.every(({ text }) => text.includes('"frozen":1'))).toBe(true)
    for (const key of keys) expect(await node.view(New).get(key)).toEqual({ owner: '', balance: 1 })
  })

  test('what the members agree on comes again as long as one of them lives', async () => {
    await using node = await open({
      backend: memory(),
      actors: [Account],
      projections: [Balances],
    })
    const alice = node.get(Account, 'alice')
    await alice.deposit({ amount: 1 })
    const build = await node.projection(Balances).rebuild()
    await until(async () => (await node.projection(Balances).status()).build === build, {
      description: 'the next build is read',
      ...patience,
    })
    const table = await node.events.table('readers')
    const found = await table.get('control/balances')
    await table.remove('control/balances', found?.revision ?? 0)
    await until(async () => (await table.get('control/balances'))?.text === found?.text, {
      description: 'the document is there again',
      ...patience,
    })
    await node.projection(Balances).reached((await alice.deposit({ amount: 1 })).position, patience)
    expect(await node.view(Balances).get('alice')).toMatchObject({ balance: 2 })
  })
})

describe('what the members of a switch agree on', () => {
  const first: ControlState = {
    ...{ active: 1, last: 1, builds: [{ build: 1, ...code }], retired: [] },
    ...{ isPaused: false, nudge: 0, switching: undefined, attempts: 0 },
  }
  const next = rebuilding(code, 0)(first)
  const planned = switchPlanned(2)(next) as ControlState

  test('is one attempt at a time, and each has another number', () => {
    expect(planned.switching).toEqual({ build: 2, attempt: 1 })
    expect(switchPlanned(2)(planned)).toBeUndefined()
    const givenUp = switchGivenUp(1)(planned) as ControlState
    expect(givenUp.switching).toBeUndefined()
    expect(switchGivenUp(1)(givenUp)).toBeUndefined()
    expect(switchPlanned(2)(givenUp)?.switching).toEqual({ build: 2, attempt: 2 })
  })

  test('is no build that was replaced, nor by an attempt that is over', () => {
    expect(activated(2, 1, 0)(planned)).toMatchObject({ active: 2, switching: undefined })
    expect(activated(2, undefined, 0)(planned)).toBeUndefined()
    expect(activated(2, 1, 0)(next)).toBeUndefined()
    const again = switchPlanned(2)(switchGivenUp(1)(planned) as ControlState) as ControlState
    expect(activated(2, 1, 0)(again)).toBeUndefined()
    const replaced = rebuilding(code, 0)(planned)
    expect(replaced).toMatchObject({ switching: undefined, last: 3 })
    expect(activated(2, 1, 0)(replaced)).toBeUndefined()
    expect(switchPlanned(2)(replaced)).toBeUndefined()
    expect(switchPlanned(1)(replaced)).toBeUndefined()
  })
})

function ignore(): void {}
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore }
