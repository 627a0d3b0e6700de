// Compiled, never run: each expected error is an error that a developer must get.
import {
  actor,
  type DocumentOf,
  event,
  type Node,
  open,
  policy,
  projection,
  view,
  type ViewDefinition,
  type ViewReader,
} from 'aether'
import { memory } from 'aether/memory'
import * as z from 'zod'
import type { ProjectionTarget } from '../store/index.ts'

const Account = actor('account', {
  state: { balance: 0 },
  events: {
    Opened: z.object({ owner: z.string() }),
    Deposited: z.object({ amount: z.number(), at: z.coerce.date().optional() }),
    Closed: z.object({ reason: z.string() }),
  },
  evolve: {
    Opened: (s) => s,
    Deposited: (s, e) => ({ balance: s.balance + e.amount }),
    Closed: (s) => s,
  },
  commands: {},
})

const Shop = actor('shop', {
  state: { sales: 0 },
  events: {
    Sold: event(z.object({ price: z.number() }), {
      upcast: [(old: { cents: number }) => ({ price: old.cents / 100 })],
    }),
    Closed: z.object({ until: z.string() }),
  },
  evolve: { Sold: (s) => ({ sales: s.sales + 1 }), Closed: (s) => s },
  commands: {},
})

export const Balances = view({
  name: 'balances',
  actors: [Account],
  key: (event) => (event.type === 'Opened' ? event.data.owner : undefined),
  state: { owner: '', balance: 0 },
  on: {
    Opened: (view, event) => {
      event.actorType satisfies 'account'
      event.version satisfies number
      return { ...view, owner: event.data.owner }
    },
    // The output of the schema is what a handler gets.
    Deposited: (view, { data }) => {
      data.at satisfies Date | undefined
      return { ...view, balance: view.balance + data.amount }
    },
    Closed: () => undefined,
  },
})

export const Both = view({
  name: 'both',
  actors: [Account, Shop],
  state: () => ({ why: '' }),
  on: {
    Sold: (view, { data }) => ({ why: view.why + data.price.toFixed() }),
    Closed: (_view, event) => {
      // @ts-expect-error only one of the two has a reason
      event.data.reason satisfies string
      return { why: event.actorType === 'account' ? event.data.reason : event.data.until }
    },
  },
})

export const wrongEvent = view({
  name: 'wrong',
  actors: [Account],
  state: { n: 0 },
  // @ts-expect-error an account has no such event
  on: { Sold: (view) => view },
})

export const wrongState = view({
  name: 'wrong',
  actors: [Account],
  state: { n: 0 },
  // @ts-expect-error the state has a number
  on: { Opened: () => ({ n: 'one' }) },
})

interface Door {
  readonly status: 'open' | 'shut'
  readonly times: number
}

const shut: Door = { status: 'shut', times: 0 }

/** What a document may be, a handler is known to give. */
export const Doors = view({
  name: 'doors',
  actors: [Account],
  state: shut,
  on: {
    Opened: () => ({ status: 'open', times: 1 }),
    Closed: (door) => (door.times > 5 ? undefined : { ...door, status: 'shut' }),
    // @ts-expect-error it is none of the texts
    Deposited: (door) => ({ ...door, status: 'ajar' }),
  },
})

interface Tx {
  insert(row: string): void
}
declare const waiting: ProjectionTarget<Tx>
declare const immediate: ProjectionTarget<Tx, void>

export const Owners = projection({
  name: 'owners',
  version: 2,
  actors: [Account],
  target: waiting,
  on: {
    Opened: async (event, tx, { build }) => tx.insert(`${build} ${event.data.owner}`),
    // @ts-expect-error the transaction has no such method
    Closed: (_event, tx) => tx.remove(),
  },
})

export const Late = projection({
  name: 'late',
  actors: [Account],
  target: immediate,
  on: {
    Opened: (event, tx) => tx.insert(event.data.owner),
    // @ts-expect-error nothing may wait in this target's transactions
    Closed: async () => {},
  },
})

const Reacting = policy({ name: 'reacting', actors: [Account], on: {} })

export function whoever<V extends ViewDefinition>(
  node: Node<never, V>,
  view: V,
): ViewReader<DocumentOf<V>> {
  return node.view<V>(view)
}

export async function reading(): Promise<void> {
  await using node = await open({
    backend: memory(),
    actors: [Account, Shop],
    projections: [Balances, Both, Owners],
  })
  const balance = await node.view(Balances).get('alice')
  balance satisfies { owner: string; balance: number } | undefined
  // @ts-expect-error it may not be there
  balance.owner satisfies string
  for await (const { key, state } of node.view(Both).list({ prefix: 'a' }))
    (key + state.why) satisfies string
  // @ts-expect-error a projection has no documents
  node.view(Owners)
  await node.projection(Owners).reached(1)
  // @ts-expect-error this view was not given to open()
  node.view(Doors)
  // @ts-expect-error this reader was not given to open()
  node.projection(Late)
  // By name, of which the compiler knows nothing.
  ;(await node.view('doors').get('a')) satisfies unknown
  await node.projection('late').reached(1)
  node satisfies Node<typeof Account | typeof Shop>
  node satisfies Node

  await using web = await open({ backend: memory(), actors: [Account], watched: [Doors, Late] })
  ;(await web.view(Doors).get('a')) satisfies Door | undefined
  await web.projection(Late).reached(1)
  // @ts-expect-error this view was not given to open()
  web.view(Balances)

  await using bare = await open({ backend: memory(), actors: [Account] })
  // @ts-expect-error this reader was not given to open()
  bare.projection(Owners)
  // @ts-expect-error a policy is none of the projections
  await open({ backend: memory(), actors: [Account], projections: [Reacting] })
}
