import { open, policy, view } from 'aether'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Logbook } from '../../src/testing/logbook.ts'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { laterTime } from '../support/later-time.ts'
import { until } from '../support/until.ts'
import { Account } from './bank.ts'

const before = '2026-01-01T00:00:00.000Z'
const timeoutMs = 60_000

/** Two readers that can't take the second event of an account as long as they are broken. */
function readers() {
  const state = { isBroken: true, reacted: [] as string[] }
  const check = (version: number): void => {
    if (state.isBroken && version === 2) throw new Error('broken')
  }
  const journal = view({
    name: 'journal',
    actors: [Account],
    retries: 0,
    state: [] as readonly number[],
    on: {
      Deposited: (entries, { version }) => {
        check(version)
        return [...entries, version]
      },
    },
  })
  const notes = policy({
    name: 'notes',
    actors: [Account],
    startAt: 'beginning',
    retries: 0,
    on: {
      Deposited: ({ key, version }) => {
        check(version)
        state.reacted.push(`${key}/${version}`)
      },
    },
  })
  return { state, journal, notes }
}

describe.each(backendKinds)('what is held back and removed: $name', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('is told, and passed over by whoever decides so, never without a word', async () => {
    const { state, journal, notes } = readers()
    await using node = await open({
      backend: source.fresh({ retention: { keepForMs: 0 } }),
      actors: [Account],
      projections: [journal],
      policies: [notes],
      logger: new Logbook(),
      limits: { commandTimeoutMs: 60_000 },
    })
    for (let version = 1; version <= 5; version++) {
      const time = new Date(Date.UTC(2020, 0, 1) + version).toISOString()
      const data = { amount: version }
      await node.events.save('account-bob', { version, time, type: 'Deposited', data })
    }
    const both = [journal, notes].map((each) => node.projection(each))
    const parkedIs = (expected: object): Promise<unknown> =>
      until(
        async () => {
          for (const each of both) expect(await each.parked()).toMatchObject([expected])
          return true
        },
        { description: 'the account is parked', timeoutMs },
      )
    const lags = async (): Promise<readonly number[]> =>
      Promise.all(both.map(async (each) => (await each.status()).lag.seconds))
    await parkedIs({ actorId: 'account-bob', state: 'parked', version: 2, type: 'Deposited' })
    for (const seconds of await lags()) expect(seconds).toBeGreaterThan(5 * 365 * 86_400)
    await node.events.trim({ before })
    expect(await node.events.trimmedVersion('account-bob')).toBe(4)

    state.isBroken = false
    for (let round = 0; round < 2; round++) {
      for (const each of both) expect(await each.retry('account-bob')).toBe(true)
      await parkedIs({ state: 'parked', version: 4, cause: { code: 'history-trimmed' } })
    }
    expect(await node.view(journal).get('bob')).toEqual([1])
    // How old it was nobody knows any more, but since when it fails.
    await laterTime()
    for (const seconds of await lags()) {
      expect(seconds).toBeGreaterThan(0)
      expect(seconds).toBeLessThan(3_600)
    }

    for (const each of both) expect(await each.skip('account-bob', 'removed')).toBe(true)
    await until(
      async () => (await Promise.all(both.map((each) => each.parked()))).flat().length === 0,
      {
        description: 'the account is free',
        timeoutMs,
      },
    )
    const { position } = await node.get(Account, 'alice').deposit({ amount: 1 })
    for (const each of both) await each.reached(position, { timeoutMs })
    expect(await node.view(journal).get('bob')).toEqual([1, 5])
    expect(state.reacted).toEqual(['bob/1', 'bob/5', 'alice/1'])
  })
})
