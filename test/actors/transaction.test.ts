import { setImmediate as turn } from 'node:timers/promises'
import { actor, type EventStore, open, reject } from 'aether'
import { memory } from 'aether/memory'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as z from 'zod'
import { backendKinds, type BackendSource } from '../support/backend-kinds.ts'
import { until } from '../support/until.ts'
import { watched } from './counter.ts'
import { watchedStore } from './watched-store.ts'

const coded = (code: string): unknown => expect.objectContaining({ code })

const amount = z.object({ amount: z.number().positive() })
const Account = actor('account', {
  state: { balance: 0 },
  events: { Deposited: amount, Withdrawn: amount },
  evolve: {
    Deposited: (s, e) => ({ balance: s.balance + e.amount }),
    Withdrawn: (s, e) => ({ balance: s.balance - e.amount }),
  },
  commands: {
    deposit: { input: amount, decide: (_s, c, on) => on.Deposited(c) },
    withdraw: {
      input: amount,
      decide: (s, c, on) => (s.balance < c.amount ? reject('poor') : on.Withdrawn(c)),
    },
  },
})

async function openBank(backend = memory()) {
  const limits = { conflictRetries: 100, commandTimeoutMs: 100_000 }
  return open({ backend, actors: [Account], limits })
}
type Bank = Awaited<ReturnType<typeof openBank>>

function transfer(bank: Bank, from: string, to: string, cents: number, commandId?: string) {
  return bank.transact(
    [bank.get(Account, from), bank.get(Account, to)],
    ([a, b]) =>
      a.state.balance < cents
        ? reject('poor', { balance: a.state.balance })
        : [a.on.Withdrawn({ amount: cents }), b.on.Deposited({ amount: cents })],
    commandId === undefined ? {} : { commandId },
  )
}

async function balanceOf(bank: Bank, key: string): Promise<number> {
  return (await bank.state(bank.get(Account, key))).state.balance
}

describe('a decision over several actors', () => {
  test('is stored whole, and its live actors go on from there at once', async () => {
    await using bank = await openBank()
    const alice = bank.get(Account, 'alice')
    await alice.deposit({ amount: 100 })
    const [from, to] = await transfer(bank, 'alice', 'bob', 30)
    expect(from).toMatchObject({ version: 2, state: { balance: 70 } })
    expect(to).toMatchObject({ actorId: 'account-bob', version: 1, state: { balance: 30 } })
    expect(to.events[0]?.position).toBe(from.events[0]!.position + 1)
    expect((await alice.withdraw({ amount: 70 })).version).toBe(3)
  })

  test('is refused by code and stores nothing', async () => {
    await using bank = await openBank()
    const refused = transfer(bank, 'alice', 'bob', 30)
    await expect(refused).rejects.toMatchObject({
      code: 'command-rejected',
      rejection: 'poor',
      details: { balance: 0 },
      actorId: undefined,
      actorIds: ['account-alice', 'account-bob'],
    })
    await expect(refused).rejects.toThrow('account-alice and account-bob rejected')
    expect(await Array.fromAsync(bank.events.readAll())).toEqual([])
  })

  test('that comes again by its id is answered as the first time, also by another node', async () => {
    const backend = memory()
    await using bank = await openBank(backend)
    await bank.get(Account, 'alice').deposit({ amount: 100 })
    const first = await transfer(bank, 'alice', 'bob', 30, 't')
    await transfer(bank, 'alice', 'bob', 50, 'u')
    expect(await transfer(bank, 'alice', 'bob', 30, 't')).toEqual(first)
    await using other = await openBank(backend)
    expect(await transfer(other, 'alice', 'bob', 30, 't')).toEqual(first)
    expect(await balanceOf(bank, 'bob')).toBe(80)
    await expect(transfer(bank, 'bob', 'alice', 1, 't')).rejects.toEqual(coded('id-reused'))
  })

  test('that comes again over other actors says who remembers it, and who is named now', async () => {
    await using bank = await openBank()
    await bank.get(Account, 'alice').deposit({ amount: 100 })
    await transfer(bank, 'alice', 'bob', 30, 't')
    const other = transfer(bank, 'alice', 'carol', 30, 't')
    await expect(other).rejects.toThrow(
      /"t" .*, which account-alice remembers: .*; these are account-alice and account-carol\./u,
    )
    const reversed = transfer(bank, 'bob', 'alice', 1, 't')
    await expect(reversed).rejects.toThrow('which account-bob and account-alice remember:')
  })

  test('that comes again with another input is another, which its id may not name', async () => {
    await using bank = await openBank()
    const accounts = ['alice', 'bob'].map((key) => bank.get(Account, key))
    const give = (amount: number, input?: unknown): Promise<unknown> =>
      bank.transact(accounts, (all) => all.map(({ on }) => on.Deposited({ amount })), {
        commandId: 'gift',
        ...(input !== undefined && { input }),
      })
    const first = await give(1, { amount: 1, for: 'all' })
    expect(await give(2, { for: 'all', amount: 1 })).toEqual(first)
    await expect(give(2, { amount: 2, for: 'all' })).rejects.toEqual(coded('id-reused'))
    await expect(give(2)).rejects.toEqual(coded('id-reused'))
    expect(await balanceOf(bank, 'bob')).toBe(1)
  })

  test('that comes again to a node which is behind is answered as the first time', async () => {
    const backend = memory()
    await using one = await openBank(backend)
    await using two = await openBank(backend)
    // Two knows Alice as she was before, and Bob not at all.
    await two.get(Account, 'alice').deposit({ amount: 100 })
    const first = await transfer(one, 'alice', 'bob', 30, 't')
    await one.get(Account, 'alice').deposit({ amount: 5 })
    expect(await transfer(two, 'alice', 'bob', 30, 't')).toEqual(first)
    expect(await balanceOf(two, 'alice')).toBe(75)
  })

  test('rests on what its actors are, also those that it leaves as they are', async () => {
    const backend = memory()
    await using one = await openBank(backend)
    await using two = await openBank(backend)
    await two.get(Account, 'alice').deposit({ amount: 100 })
    await one.get(Account, 'alice').withdraw({ amount: 100 })
    const bonus = two.transact(
      [two.get(Account, 'alice'), two.get(Account, 'bob')],
      ([alice, bob]) =>
        alice.state.balance < 100 ? reject('poor') : bob.on.Deposited({ amount: 10 }),
    )
    await expect(bonus).rejects.toMatchObject({ rejection: 'poor' })
  })

  test('runs between commands and other transactions, whichever way they go', async () => {
    await using bank = await openBank()
    const names = ['a', 'b', 'c', 'd']
    for (const name of names) await bank.get(Account, name).deposit({ amount: 1_000 })
    const work = Array.from({ length: 200 }, (_, i) => [
      transfer(bank, names[i % 4]!, names[(i + 1 + (i % 3)) % 4]!, 1 + (i % 7)),
      bank.get(Account, names[(i * 7) % 4]!).deposit({ amount: 1 }),
    ]).flat()
    await Promise.all(work)
    const balances = await Promise.all(names.map((name) => balanceOf(bank, name)))
    expect(balances.reduce((sum, balance) => sum + balance)).toBe(4_200)
  })

  test('is decided again where somebody else was faster', async () => {
    let interfered = 0
    const interfere = async (_: unknown, store: EventStore): Promise<void> => {
      if (interfered++ > 1) return
      const event = { type: 'Withdrawn', data: { amount: 60 } }
      await store.append('account-alice', [event], { expectedVersion: 'any' })
    }
    const backend = watchedCommits(interfere)
    await using bank = await open({ backend, actors: [Account] })
    await bank.get(Account, 'alice').deposit({ amount: 100 })
    await expect(transfer(bank, 'alice', 'bob', 50)).rejects.toMatchObject({
      details: { balance: 40 },
    })
  })

  test('that throws, waits or decides for a stranger fails and harms nobody', async () => {
    await using bank = await openBank()
    const alice = bank.get(Account, 'alice')
    const bob = bank.get(Account, 'bob')
    const broken = bank.transact([alice, bob], () => {
      throw new Error('broken')
    })
    const actorIds = ['account-alice', 'account-bob']
    await expect(broken).rejects.toMatchObject({ code: 'actor-failed', actorIds })
    const later = (async () => undefined) as unknown as () => undefined
    await expect(bank.transact([alice, bob], later)).rejects.toThrow('synchronous')
    const text = (() => 'Deposited') as unknown as () => undefined
    await expect(bank.transact([alice, bob], text)).rejects.toThrow(
      /failed in transact: it must give events.* but gave "Deposited"$/u,
    )
    let stolen: ReturnType<Parameters<typeof bank.transact>[1]>
    await bank.transact([bob], ([b]) => {
      stolen = b.on.Deposited({ amount: 1 })
    })
    const strange = bank.transact([alice], () => stolen)
    await expect(strange).rejects.toEqual(coded('invalid-event'))
    await expect(bank.transact([alice, alice], () => [])).rejects.toEqual(coded('invalid-argument'))
    expect((await alice.deposit({ amount: 1 })).version).toBe(1)
  })

  test('rests on what an actor without an event is, also where another one was loaded for longer', async () => {
    const backend = watchedStore('loadSnapshot', async (actorId, store) => {
      if (actorId !== 'account-bob') return
      await turn()
      const withdrawn = { type: 'Withdrawn', data: { amount: 60 } }
      await store.append('account-alice', [withdrawn], { expectedVersion: 1 })
    })
    await using bank = await openBank(backend)
    const deposited = { type: 'Deposited', data: { amount: 100 } }
    await bank.events.append('account-alice', [deposited], { expectedVersion: 0 })
    const both = [bank.get(Account, 'alice'), bank.get(Account, 'bob')] as const
    const trusted = bank.transact(both, ([a, b]) =>
      a.state.balance < 100 ? reject('poor') : b.on.Deposited({ amount: 1 }),
    )
    await expect(trusted).rejects.toEqual(coded('command-rejected'))
    expect(await bank.events.latestVersion('account-bob')).toBe(0)
  })

  test('waits for its actors no longer than its sender does', async () => {
    const gate = Promise.withResolvers<void>()
    const backend = watched(memory(), () => gate.promise)
    await using bank = await open({ backend, actors: [Account] })
    const alice = bank.get(Account, 'alice')
    const deposit = alice.deposit({ amount: 1 })
    const late = bank.transact([alice], () => [], { timeoutMs: 60 })
    await expect(late).rejects.toEqual(coded('timeout'))
    gate.resolve()
    await deposit
    expect((await alice.deposit({ amount: 1 })).version).toBe(2)
  })

  test('has an unknown outcome where it began and time is up; its actors are held until it ends', async () => {
    const gate = Promise.withResolvers<void>()
    let commits = 0
    const backend = watchedCommits(() => {
      commits++
      return gate.promise
    })
    await using bank = await open({ backend, actors: [Account] })
    const alice = bank.get(Account, 'alice')
    await alice.deposit({ amount: 100 })
    const late = bank.transact([alice], ([a]) => a.on.Withdrawn({ amount: 30 }), {
      commandId: 't',
      timeoutMs: 60,
    })
    await expect(late).rejects.toEqual(coded('outcome-unknown'))
    await until(() => commits === 1, { description: 'a commit' })
    const withdrawn = alice.withdraw({ amount: 100 }, { timeoutMs: 60 })
    await expect(withdrawn).rejects.toEqual(coded('timeout'))
    gate.resolve()
    const [again] = await bank.transact([alice], () => [], { commandId: 't' })
    expect(again).toMatchObject({ version: 2, state: { balance: 70 } })
    expect(commits).toBe(1)
  })

  test('is taken back by its signal as long as it has not begun', async () => {
    const gate = Promise.withResolvers<void>()
    let commits = 0
    const backend = watchedCommits(() => {
      commits++
      return gate.promise
    })
    await using bank = await open({ backend, actors: [Account] })
    const [alice, bob] = [bank.get(Account, 'alice'), bank.get(Account, 'bob')]
    const abort = new AbortController()
    const { signal } = abort
    const begun = bank.transact([alice], ([a]) => a.on.Deposited({ amount: 1 }), { signal })
    const waiting = bank.transact([alice, bob], ([, b]) => b.on.Deposited({ amount: 1 }), {
      signal,
    })
    await until(() => commits === 1, { description: 'a commit' })
    abort.abort(new Error('not any more'))
    await expect(waiting).rejects.toThrow('not any more')
    gate.resolve()
    expect((await begun)[0].version).toBe(1)
    expect(await bank.events.latestVersion('account-bob')).toBe(0)
  })
})

describe.each(backendKinds)('on $name, transfers of two nodes', ({ start }) => {
  let source: BackendSource
  beforeAll(async () => {
    source = await start()
  })
  afterAll(() => source[Symbol.asyncDispose]())

  test('keep the total, and make progress', async () => {
    const backend = source.fresh()
    await using one = await openBank(backend)
    await using two = await openBank(backend)
    const names = ['a', 'b', 'c']
    for (const name of names) await one.get(Account, name).deposit({ amount: 1_000 })
    const work = Array.from({ length: 60 }, (_, i) =>
      transfer(i % 2 ? one : two, names[i % 3]!, names[(i + 1) % 3]!, 1 + (i % 5), `t-${i}`),
    )
    await Promise.all(work)
    const balances = await Promise.all(names.map((name) => balanceOf(one, name)))
    expect(balances.reduce((sum, balance) => sum + balance)).toBe(3_000)
  })
})

/** The memory backend, with something done before each commit reaches it. */
function watchedCommits(before: (_: unknown, store: EventStore) => Promise<void>) {
  return watchedStore('commit', before)
}
