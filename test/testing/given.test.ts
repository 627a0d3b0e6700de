import { AssertionError } from 'node:assert/strict'
import { actor, type PrepareContext, reject } from 'aether'
import { given, sequentialIds } from 'aether/testing'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'

const amount = v.pipe(v.number(), v.minValue(1))
const Account = actor('account', {
  state: { open: false, owner: '', balance: 0 },
  events: {
    Opened: v.object({ owner: v.string() }),
    Deposited: v.object({ amount }),
    Withdrawn: v.object({ amount }),
  },
  evolve: {
    Opened: (s, e) => ({ ...s, open: true, owner: e.owner }),
    Deposited: (s, e) => ({ ...s, balance: s.balance + e.amount }),
    Withdrawn: (s, e) => ({ ...s, balance: s.balance - e.amount }),
  },
  commands: {
    open: {
      input: v.object({ owner: v.string() }),
      decide: (s, c, on) => (s.open ? reject('already-open') : on.Opened(c)),
    },
    withdraw: {
      input: v.object({ amount: v.number() }),
      decide: (s, c, on) =>
        s.balance < c.amount
          ? reject('insufficient-funds', { balance: s.balance })
          : on.Withdrawn(c),
      reply: (s) => ({ left: s.balance }),
    },
    empty: { decide: (s, _c, on) => (s.balance > 0 ? on.Withdrawn({ amount: s.balance }) : []) },
    exchange: {
      input: v.object({ dollars: v.number() }),
      prepare: async (_input: { dollars: number }, _context: PrepareContext) => ({ rate: 2 }),
      decide: (_s, c, on, { prepared }) => on.Deposited({ amount: c.dollars * prepared.rate }),
    },
    sign: {
      decide: (_s, _c, on, { now, actorId, commandId, metadata }) =>
        on.Opened({ owner: `${actorId} ${now} ${commandId} ${metadata['userId']}` }, { by: 'me' }),
    },
    broken: {
      decide: () => {
        throw new Error('decide is broken')
      },
    },
  },
})

const opened = () =>
  given(Account, (on) => [on.Opened({ owner: 'Alice' }), on.Deposited({ amount: 10 })])

/** What an expectation that isn't met throws. */
function failureOf(check: () => unknown): AssertionError {
  try {
    check()
  } catch (error) {
    if (error instanceof AssertionError) return error
    throw error
  }
  throw new Error('it was met')
}

describe('an expectation that is met', () => {
  test('of a refusal, with or without its details', () => {
    const outcome = opened().when('withdraw', { amount: 11 })
    outcome.thenRejected('insufficient-funds').thenRejected('insufficient-funds', { balance: 10 })
    outcome
      .thenRejected('insufficient-funds')
      .thenState({ open: true, owner: 'Alice', balance: 10 })
  })

  test('of events, state and reply, one command after the other', () => {
    opened()
      .when('withdraw', { amount: 5 })
      .then((on) => on.Withdrawn({ amount: 5 }))
      .thenState({ open: true, owner: 'Alice', balance: 5 })
      .thenReply({ left: 5 })
      .when('empty')
      .then((on) => [on.Withdrawn({ amount: 5 })])
      .when('empty')
      .thenNothing()
    given(Account).when('empty').thenNothing()
    given(Account).when('open', { owner: 'A' }).when('empty').thenNothing()
  })

  test('of a failure', () => {
    given(Account).when('broken').thenFailed('actor-failed')
    const wrong = { amount: 'much' as unknown as number }
    given(Account).when('withdraw', wrong).thenFailed('invalid-input')
    given(Account)
      .when('exchange', { dollars: 0 }, { prepared: { rate: 0 } })
      .thenFailed('invalid-event')
  })

  test('of what depends on preparation, key, time, command id and metadata', () => {
    given(Account)
      .when('exchange', { dollars: 2 }, { prepared: { rate: 3 } })
      .then((on) => on.Deposited({ amount: 6 }))
    given(Account, undefined, { key: 'k' })
      .when('sign', undefined, { now: 7, commandId: 'c', metadata: { userId: 'u' } })
      .then((on) => on.Opened({ owner: 'account-k 7 c u' }, { by: 'me', userId: 'u' }))
  })
})

describe('an expectation that is not met shows what came instead', () => {
  test('of events', () => {
    const outcome = opened().when('withdraw', { amount: 5 })
    const failure = failureOf(() =>
      outcome.then((on) => [on.Withdrawn({ amount: 4 }), on.Deposited({ amount: 1 })]),
    )
    expect(failure.message).toBe(`\
account: withdraw {"amount":5}: it came to something else (- expected, + actual)

- Withdrawn {"amount":4}
- Deposited {"amount":1}
+ Withdrawn {"amount":5}

the state before, at version 2: {"open":true,"owner":"Alice","balance":10}`)
    expect(failure.expected).toEqual([
      { type: 'Withdrawn', data: { amount: 4 } },
      { type: 'Deposited', data: { amount: 1 } },
    ])
    expect(failure.actual).toEqual([{ type: 'Withdrawn', data: { amount: 5 } }])
  })

  test('of metadata', () => {
    const outcome = given(Account).when('sign')
    const owner = 'account-test 1767225600000 undefined undefined'
    outcome.then((on) => on.Opened({ owner }))
    const failure = failureOf(() => outcome.then((on) => on.Opened({ owner }, { by: 'you' })))
    expect(failure.message).toContain(`- Opened {"owner":"${owner}"} {"by":"you"}`)
    expect(failure.message).toContain(`+ Opened {"owner":"${owner}"} {"by":"me"}`)
  })

  test.each([
    [
      'a refusal for events',
      () => opened().when('withdraw', { amount: 11 }).thenNothing(),
      '- (no event)\n+ rejected insufficient-funds {"balance":10}',
    ],
    [
      'events for nothing',
      () => opened().when('empty').thenNothing(),
      '- (no event)\n+ Withdrawn {"amount":10}',
    ],
    [
      'events for a refusal',
      () =>
        opened()
          .when('empty')
          .thenRejected('closed' as never),
      '- rejected closed\n+ Withdrawn {"amount":10}',
    ],
    [
      'another refusal',
      () =>
        opened()
          .when('withdraw', { amount: 11 })
          .thenRejected('closed' as 'insufficient-funds'),
      '- rejected closed\n+ rejected insufficient-funds {"balance":10}',
    ],
    [
      'other details',
      () =>
        opened()
          .when('withdraw', { amount: 11 })
          .thenRejected('insufficient-funds', { balance: 1 }),
      '- rejected insufficient-funds {"balance":1}\n+ rejected insufficient-funds {"balance":10}',
    ],
    [
      'another failure',
      () => given(Account).when('broken').thenFailed('invalid-input'),
      '- failed invalid-input\n+ failed actor-failed message account-test failed in decide of broken',
    ],
    [
      'another state',
      () => opened().when('empty').thenState({ open: true, owner: 'Alice', balance: 1 }),
      '  {\n-   "balance": 1,\n+   "balance": 0,\n    "open": true,',
    ],
    [
      'another reply',
      () => opened().when('withdraw', { amount: 1 }).thenReply({ left: 8 }),
      '  {\n-   "left": 8\n+   "left": 9\n  }',
    ],
    [
      'a state after a refusal',
      () =>
        opened()
          .when('open', { owner: 'B' })
          .thenState({ open: true, owner: 'Alice', balance: 10 }),
      '+ rejected already-open',
    ],
    [
      'a command after a refusal',
      () => opened().when('open', { owner: 'B' }).when('empty'),
      '+ rejected already-open',
    ],
  ])('%s', (_name, check, diff) => {
    expect(failureOf(check).message).toContain(diff)
  })

  test('with what an actor threw as its cause', () => {
    const { cause } = failureOf(() => given(Account).when('broken').thenNothing())
    expect(cause).toMatchObject({ code: 'actor-failed', cause: new Error('decide is broken') })
  })
})

describe('a test that is written wrongly is told so', () => {
  test('where something is given that can not have happened', () => {
    expect(() => given(Account, (on) => on.Deposited({ amount: 0 }))).toThrow('wrong Deposited')
  })

  test('where a preparation is missing', () => {
    const options = undefined as unknown as { prepared: { rate: number } }
    expect(() => given(Account).when('exchange', { dollars: 1 }, options)).toThrow('{ prepared }')
  })

  test('where the input can not be checked at once', () => {
    const Slow = actor('slow', {
      state: 0,
      events: {},
      evolve: {},
      commands: { wait: { input: v.pipeAsync(v.string()), decide: () => reject('no') } },
    })
    expect(() => given(Slow).when('wait', 'x')).toThrow('testNode()')
  })

  test('where an outcome is awaited', async () => {
    const outcome: unknown = given(Account).when('empty')
    await expect(outcome).rejects.toThrow('no promise')
  })
})

test('ids can be named by a test', () => {
  const ids = sequentialIds('e')
  expect([ids(), ids()]).toEqual(['e-1', 'e-2'])
})
