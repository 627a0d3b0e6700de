import { join } from 'node:path'
import { type Backend, open } from 'aether'
import { sqlite } from 'aether/sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { silentLogger, systemClock } from '../../src/core/index.ts'
import { ReaderDesk } from '../../src/projections/index.ts'
import { Logbook } from '../../src/testing/logbook.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { until } from '../support/until.ts'
import { Account } from './bank.ts'
import { totals } from './totals.ts'

const patience = { timeoutMs: 60_000 }

async function scene() {
  const folder = await temporaryFolder()
  onTestFinished(() => folder.remove())
  return {
    file: join(folder.path, 'views.db'),
    backend: sqlite(join(folder.path, 'events.db')),
  }
}

let logger: Logbook
beforeEach(() => {
  logger = new Logbook()
})

const isTold = (): boolean => logger.messages.some((text) => text.includes('it is made anew'))

/** Deposits so often, and waits until it is seen. */
async function deposit(
  { Totals, target }: ReturnType<typeof totals>,
  backend: Backend,
  { times = 1, rebuilds = 0 } = {},
): Promise<unknown> {
  await using node = await open({ backend, actors: [Account], projections: [Totals], logger })
  const handle = node.projection(Totals)
  let build = 0
  for (let left = rebuilds; left > 0; left--) {
    build = await handle.rebuild()
    await until(async () => (await handle.status()).build === build, {
      description: 'it is made anew',
      ...patience,
    })
  }
  for (let left = times; left > 0; left--) await node.get(Account, 'alice').deposit({ amount: 1 })
  await handle.reached(await node.events.lastPosition(), patience)
  return (await target.read<{ total: number }>`SELECT total FROM total`)[0]?.total
}

/** Takes away what the members agreed on; resolves with what it was. */
async function lose(backend: Backend): Promise<string> {
  await using store = await backend.openStore()
  const table = await store.table('readers')
  const found = await table.get('control/totals')
  await table.remove('control/totals', found?.revision ?? 0)
  return found?.text ?? ''
}

describe('where nobody knows any more what the members agreed on, and the tables are still there', () => {
  test('they are made anew', async () => {
    const { file, backend } = await scene()
    expect(await deposit(totals(file, 1), backend)).toBe(1)
    expect(await deposit(totals(file, 1), backend)).toBe(2)
    expect(isTold()).toBe(false)
    await lose(backend)
    expect(await deposit(totals(file, 1), backend)).toBe(3)
    expect(isTold()).toBe(true)
  })

  test('they are made anew by the code of now, whatever code made them', async () => {
    const { file, backend } = await scene()
    expect(await deposit(totals(file, 1), backend)).toBe(1)
    await lose(backend)
    expect(await deposit(totals(file, 10), backend)).toBe(20)
  })

  test('they are made anew where others were dropped before', async () => {
    const { file, backend } = await scene()
    const first = totals(file, 1)
    expect(await deposit(first, backend, { rebuilds: 2 })).toBe(1)
    for (const build of [1, 2]) await first.target.drop({ projection: 'totals', build })
    await lose(backend)
    expect(await deposit(totals(file, 1), backend)).toBe(2)
  })

  test('they are made anew where only an older agreement is known', async () => {
    const { file, backend } = await scene()
    const first = totals(file, 1)
    expect(await deposit(first, backend)).toBe(1)
    const text = await lose(backend)
    expect(await deposit(first, backend, { rebuilds: 1 })).toBe(2)
    await lose(backend)
    {
      await using store = await backend.openStore()
      await (await store.table('readers')).put('control/totals', text, undefined)
    }
    expect(await deposit(first, backend)).toBe(3)
  })

  test('the old ones are read meanwhile, and it is not said that they have got anywhere', async () => {
    const { file, backend } = await scene()
    expect(await deposit(totals(file, 1), backend, { times: 3 })).toBe(3)
    await lose(backend)
    const { Totals, target } = totals(file, 1)
    {
      await using store = await backend.openStore()
      const around = { store, clock: systemClock, logger: silentLogger }
      await new ReaderDesk(Totals.model, around).pause(true)
    }
    await using node = await open({ backend, actors: [Account], projections: [Totals] })
    const handle = node.projection(Totals)
    const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
    for (const old of [1, position])
      await expect(handle.reached(old, { timeoutMs: 200 })).rejects.toMatchObject({
        code: 'timeout',
      })
    const isPaused = async (): Promise<boolean> => {
      expect(await handle.status()).toMatchObject({ state: 'paused', build: 1, position: 0 })
      return true
    }
    await until(isPaused, { description: 'it is paused', ...patience })
    expect(await target.read`SELECT total FROM total`).toEqual([{ total: 3 }])
    await handle.resume()
    await handle.reached(position, patience)
    expect(await target.read`SELECT total FROM total`).toEqual([{ total: 4 }])
    expect(await handle.status()).toMatchObject({ build: 2 })
  })
})
