import { actor, CommandRejectedError, isRejected, open, reject } from 'aether'
import { memory } from 'aether/memory'
import { expect, test } from 'vitest'
import * as z from 'zod'

const Account = actor('account', {
  state: { balance: 0 },
  events: { Withdrawn: z.object({ cents: z.number() }) },
  evolve: { Withdrawn: (s, e) => ({ balance: s.balance - e.cents }) },
  commands: {
    withdraw: {
      input: z.object({ cents: z.number() }),
      decide: (s, c, on) =>
        s.balance < c.cents ? reject('insufficient-funds', s) : on.Withdrawn(c),
    },
    close: { decide: () => reject('never') },
  },
})
const Accounts = actor('accounts', { state: 0, events: {}, evolve: {}, commands: {} })

test('a refusal is known by its actor type and command', async () => {
  await using bank = await open({ backend: memory(), actors: [Account] })
  const alice = bank.get(Account, 'alice')
  const error: unknown = await alice.withdraw({ cents: 5 }).catch((reason: unknown) => reason)

  expect(isRejected(error, Account)).toBe(true)
  expect(isRejected(error, Account, 'withdraw')).toBe(true)
  expect(isRejected(error, Account, 'close')).toBe(false)
  expect(isRejected(error, Accounts)).toBe(false)
  if (!isRejected(error, Account, 'withdraw')) throw error
  expect([error.rejection, error.details.balance]).toEqual(['insufficient-funds', 0])
})

test("one that was asked for in a decision over several is its own, theirs is nobody's", async () => {
  await using bank = await open({ backend: memory(), actors: [Account] })
  const both = [bank.get(Account, 'a'), bank.get(Account, 'b')] as const
  const asked: unknown = await bank
    .transact(both, ([a]) => [...a.decide.withdraw({ cents: 5 })])
    .catch((reason: unknown) => reason)
  expect(isRejected(asked, Account, 'withdraw')).toBe(true)

  const common: unknown = await bank
    .transact(both, () => reject('insufficient-funds'))
    .catch((reason: unknown) => reason)
  expect(common).toBeInstanceOf(CommandRejectedError)
  expect(isRejected(common, Account)).toBe(false)
})

test('whatever else is thrown is none', () => {
  expect(isRejected(new Error('account-a'), Account)).toBe(false)
  expect(isRejected(undefined, Account)).toBe(false)
})
