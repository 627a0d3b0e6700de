import { actor, type Node, reject, type StoredEvent } from 'aether'
import * as z from 'zod'

const cents = z.number().int().positive()
const input = z.object({ cents })

/** An account in whole cents, which keeps its state often: so that most of what comes again is told by a kept state. */
export const Account = actor('account', {
  state: { cents: 0 },
  events: { Deposited: z.object({ cents }), Withdrawn: z.object({ cents }) },
  evolve: {
    Deposited: (s, e) => ({ cents: s.cents + e.cents }),
    Withdrawn: (s, e) => ({ cents: s.cents - e.cents }),
  },
  commands: {
    deposit: { input, decide: (_, c, on) => on.Deposited(c) },
    withdraw: {
      input,
      decide: (s, c, on) => (s.cents < c.cents ? reject('too-little') : on.Withdrawn(c)),
    },
  },
  snapshots: { every: 10 },
})

export interface Transfer {
  readonly commandId: string
  readonly from: string
  readonly to: string
  readonly cents: number
}

/** What one command did to one account. */
export interface Effect {
  readonly actorId: string
  /** The version and the balance behind it. */
  readonly version: number
  readonly cents: number
  readonly events: readonly StoredEvent[]
}

/** One decision over two accounts. */
export async function transfer(
  node: Node<typeof Account>,
  { commandId, from, to, cents }: Transfer,
): Promise<Effect[]> {
  const results = await node.transact(
    [node.get(Account, from), node.get(Account, to)],
    ([source, target]) =>
      source.state.cents < cents
        ? reject('too-little')
        : [source.on.Withdrawn({ cents }), target.on.Deposited({ cents })],
    { commandId },
  )
  return results.map(({ actorId, version, state, events }) => ({
    actorId,
    version,
    cents: state.cents,
    events,
  }))
}
