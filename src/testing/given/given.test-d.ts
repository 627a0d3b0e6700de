// Compiled, never run: each expected error is an error that a developer must get.
import { actor, type PrepareContext, reject } from 'aether'
import { given, testNode } from 'aether/testing'
import * as z from 'zod'

const amount = z.number().positive()

const Account = actor('account', {
  state: { open: false, balance: 0 },
  events: { Opened: z.object({ owner: z.string() }), Withdrawn: z.object({ amount }) },
  evolve: {
    Opened: (s) => ({ ...s, open: true }),
    Withdrawn: (s, e) => ({ ...s, balance: s.balance - e.amount }),
  },
  commands: {
    open: {
      input: z.object({ owner: z.string() }),
      decide: (s, c, on) => (s.open ? reject('already-open') : on.Opened(c)),
    },
    withdraw: {
      input: z.object({ amount }),
      decide: (_s, c, on) => on.Withdrawn(c),
      reply: (s) => ({ left: s.balance }),
    },
    close: { decide: () => reject('never') },
    convert: {
      prepare: async (_input: undefined, _context: PrepareContext) => ({ rate: 1 }),
      decide: (_s, _c, on, { prepared }) => on.Withdrawn({ amount: prepared.rate }),
    },
  },
})

export function specifications(): void {
  const opened = given(Account, (on) => [on.Opened({ owner: 'A' }), on.Withdrawn({ amount: 1 })])
  // @ts-expect-error no event of this name
  given(Account, (on) => on.Closed({}))
  // @ts-expect-error the data are wrong
  given(Account, (on) => on.Opened({ owner: 1 }))
  // @ts-expect-error no command of this name
  opened.when('deposit', { amount: 1 })
  // @ts-expect-error the input is wrong
  opened.when('withdraw', { amount: '1' })
  // @ts-expect-error the input is missing
  opened.when('withdraw')
  // @ts-expect-error there is no input
  opened.when('close', { now: true })
  opened.when('close', undefined, { now: 5, metadata: { userId: 'u' } })
  // @ts-expect-error what is prepared is missing
  opened.when('convert')
  // @ts-expect-error what is prepared is wrong
  opened.when('convert', undefined, { prepared: { rate: '1' } })
  opened.when('convert', undefined, { prepared: { rate: 1 } })
  const outcome = opened.when('withdraw', { amount: 1 })
  outcome.then((on) => [on.Withdrawn({ amount: 1 })]).thenReply({ left: 1 })
  // @ts-expect-error the reply is wrong
  outcome.thenReply({ left: '1' })
  // @ts-expect-error this command replies nothing
  opened.when('close').thenReply({ left: 1 })
  opened.when('open', { owner: 'B' }).thenRejected('already-open')
  // @ts-expect-error no command gives this code
  opened.when('open', { owner: 'B' }).thenRejected('already-closed')
  // @ts-expect-error it has no details
  opened.when('open', { owner: 'B' }).thenRejected('already-open', { owner: 'A' })
  // @ts-expect-error this command refuses nothing
  outcome.thenRejected('already-open')
  // @ts-expect-error the state is wrong
  outcome.thenState({ open: true, balance: '1' })
  // @ts-expect-error no error has this code
  outcome.thenFailed('insufficient-funds')
}

export async function nodes(): Promise<void> {
  await using home = await testNode({ actors: [Account] })
  await home.node.get(Account, 'a').withdraw({ amount: 1 })
  // @ts-expect-error no command of this name
  await home.node.get(Account, 'a').deposit({ amount: 1 })
}
