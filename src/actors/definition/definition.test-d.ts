// Compiled, never run: each expected error is an error that a developer must get.
import {
  actor,
  type ActorDefinition,
  type ActorRef,
  type CommandResult,
  type CommandRejectedError,
  event,
  type EventOf,
  isRejected,
  type Node,
  open,
  reject,
  type StateOf,
} from 'aether'
import { memory } from 'aether/memory'
import * as v from 'valibot'
import * as z from 'zod'

const amount = z.number().positive()

// @ts-expect-error an id is the type, a dash and the key
void (() => actor('slot-day', { state: {}, events: {}, evolve: {}, commands: {} }))
/** One that is known when it runs. */
void ((type: string) => actor(type, { state: {}, events: {}, evolve: {}, commands: {} }))

const Account = actor('account', {
  state: { open: false, balance: 0, tags: [] as string[] },
  events: {
    Opened: z.object({ owner: z.string() }),
    Deposited: z.object({ amount, at: z.coerce.date().optional() }),
    Closed: z.object({}),
  },
  evolve: {
    Opened: (s) => ({ ...s, open: true }),
    // A schema's output is what evolve gets, its input is what is stored.
    Deposited: (s, e) => ({
      ...s,
      balance: s.balance + e.amount,
      tags: [e.at?.toISOString() ?? ''],
    }),
    Closed: (s) => ({ ...s, open: false }),
  },
  commands: {
    open: {
      input: z.object({ owner: z.string() }),
      decide: (s, c, on) => (s.open ? reject('already-open') : on.Opened({ owner: c.owner })),
    },
    deposit: {
      input: z.object({ amount }),
      decide: (_, c, on) => [on.Deposited(c), on.Deposited(c)],
    },
    close: { decide: (s, _, on) => (s.open ? on.Closed({}) : undefined) },
  },
})

const Counter = actor('counter', {
  state: () => ({ total: 0 }),
  events: { Counted: v.object({ by: v.number() }) },
  evolve: { Counted: (s, e) => ({ total: s.total + e.by }) },
  commands: { count: { input: v.object({ by: v.number() }), decide: (_, c, on) => on.Counted(c) } },
})

const Stranger = actor('stranger', {
  state: 0,
  events: { Met: z.object({}) },
  evolve: { Met: (s) => s + 1 },
  commands: { meet: { decide: (_s, _c, on) => on.Met({}) } },
})

export async function proxies(): Promise<void> {
  await using node = await open({ backend: memory(), actors: [Account, Counter] })
  const alice = node.get(Account, 'alice')

  const { state, events } = await alice.deposit({ amount: 1 }, { commandId: 'd' })
  state.balance satisfies number
  state.tags satisfies string[]
  // @ts-expect-error the state has no such member
  state.total satisfies number

  const [event] = events
  if (event?.type === 'Deposited') event.data.amount satisfies number
  // @ts-expect-error no event of this name
  if (event?.type === 'Withdrawn') throw new Error()

  await alice.close()
  await alice.close(undefined, { commandId: 'c' })
  // @ts-expect-error no command of this name
  await alice.withdraw({ amount: 1 })
  // @ts-expect-error the input is wrong
  await alice.deposit({ amount: '1' })
  // @ts-expect-error the input is missing
  await alice.deposit()
  // @ts-expect-error a command without input takes none
  await alice.close({ now: true })
  // @ts-expect-error options are known by name
  await alice.deposit({ amount: 1 }, { commandID: 'd' })
  await using other = await open({ backend: memory(), actors: [Stranger] })
  // Also where no command has an input, the names are known.
  ;(await other.get(Stranger, 'x').meet()).state satisfies number
  // @ts-expect-error no command of this name
  await other.get(Stranger, 'x').greet()
  // @ts-expect-error this actor does not run on this node
  node.get(Stranger, 'x')
  // @ts-expect-error this actor does not run on this node
  await node.state(node.get(Stranger, 'x'))
  node satisfies Node
  ;(await node.get(Counter, 'c').count({ by: 1 })).state.total satisfies number
  ;(await node.state(node.get(Account, 'alice'))).state.open satisfies boolean
}

export function ofAny<D extends ActorDefinition>(node: Node<D>, definition: D): ActorRef<D> {
  return node.get(definition, 'x')
}

event(z.object({ n: z.number(), u: z.string() }), {
  upcast: [(data: { m: number }) => ({ n: data.m }), (data: { n: number }) => ({ ...data, u: '' })],
})
event(z.object({ n: z.number(), u: z.string() }), {
  // @ts-expect-error the last one doesn't give what the schema takes
  upcast: [(data: { n: number }) => ({ n: data.n })],
})

const Purse = actor('purse', {
  state: { cents: 0 },
  events: {
    Filled: event(z.object({ cents: z.number() }), {
      formerly: ['Topped'],
      upcast: [(data: { euros: number }) => ({ cents: data.euros * 100 })],
    }),
  },
  evolve: { Filled: (s, e) => ({ cents: s.cents + e.cents }) },
  commands: {
    topUp: {
      input: z.object({ cents: z.number() }),
      prepare: async (input: { cents: number }) => ({ rate: input.cents }),
      decide: (_s, c, on, { prepared }) => on.Filled({ cents: c.cents * prepared.rate }),
      reply: (s, { version }) => ({ cents: s.cents, version }),
    },
    drain: { decide: (_s, _c, on) => on.Filled({ cents: 0 }) },
  },
  queries: {
    total: { answer: (s) => s.cents },
    covers: { input: z.object({ cents: z.number() }), answer: (s, c) => s.cents >= c.cents },
  },
})

export async function repliesAndQueries(): Promise<void> {
  await using node = await open({ backend: memory(), actors: [Account, Purse] })
  const purse = node.get(Purse, 'p')
  const { reply } = await purse.topUp({ cents: 1 })
  reply.version satisfies number
  // @ts-expect-error the reply has no such member
  reply.total satisfies number
  ;(await purse.drain()).reply satisfies undefined
  ;(await purse.total()) satisfies number
  ;(await purse.covers({ cents: 1 })) satisfies boolean
  // @ts-expect-error the input is missing
  await purse.covers()
  // @ts-expect-error no query of this name
  await purse.size()

  const alice = node.get(Account, 'alice')
  const [a, p] = await node.transact([alice, purse], ([from, to]) => {
    from.state.balance satisfies number
    // @ts-expect-error an account has no such event
    from.on.Filled({ cents: 1 })
    // @ts-expect-error the data is wrong
    from.on.Deposited({ amount: 'much' })
    return [from.on.Deposited({ amount: 1 }), to.on.Filled({ cents: 1 })]
  })
  await node.transact([alice, purse], ([from, to]) => {
    // @ts-expect-error the input is wrong
    from.decide.deposit({ amount: '1' })
    // @ts-expect-error the input is missing
    from.decide.deposit()
    // @ts-expect-error no command of this name
    from.decide.withdraw({ amount: 1 })
    // @ts-expect-error nobody waits for a preparation
    to.decide.topUp({ cents: 1 })
    // @ts-expect-error a command without input takes none
    from.decide.close({ now: true })
    const [first] = from.decide.open({ owner: 'Alice' })
    if (first?.type === 'Deposited') first.data.amount satisfies number
    return [...from.decide.close(), ...to.decide.drain(), to.on.Filled({ cents: 1 })]
  })
  a.state.open satisfies boolean
  p.state.cents satisfies number
}

interface DoorState {
  readonly status: 'open' | 'shut'
}

const shut: DoorState = { status: 'shut' }

/** What a state may be, `evolve` is known to give. */
export const Door = actor('door', {
  state: shut,
  events: { Opened: z.object({}), Set: z.object({ status: z.enum(['open', 'shut']) }) },
  evolve: { Opened: () => ({ status: 'open' }), Set: (s, e) => ({ ...s, ...e }) },
  commands: {
    open: {
      decide: (s, _c, on) => {
        if (s.status === 'open') return reject(`is-${s.status}`)
        return s.status === 'shut' ? on.Opened({}) : reject('no-door', { since: 5 })
      },
    },
    knock: { decide: () => undefined },
    shout: { decide: (s) => reject(s.status.toUpperCase()) },
  },
})

type Status = DoorState['status']
type Counted = DoorState & { n: number }
type Found = { at: 'none' } | { at: 'some'; of: { status: Status }[]; pair: [Status, number] }
const twoEvents = { A: z.object({ n: z.number() }), B: z.object({}) }

export const unions = actor('unions', {
  state: (): Found => ({ at: 'none' }),
  events: twoEvents,
  evolve: {
    A: () => ({ at: 'some', of: [{ status: 'open' }], pair: ['shut', 1] }),
    B: (s) => (s.at === 'none' ? s : { ...s, of: [...s.of, { status: 'shut' }] }),
  },
  commands: {},
})
export const wrongUnions = actor('unions', {
  state: (): Found => ({ at: 'none' }),
  events: twoEvents,
  // @ts-expect-error it lacks what belongs to some
  evolve: { A: () => ({ at: 'some' }), B: (s) => s },
  commands: {},
})
export const wrongText = actor('unions', {
  state: (): Counted => ({ ...shut, n: 0 }),
  events: twoEvents,
  // @ts-expect-error it is none of the texts
  evolve: { A: (s) => ({ ...s, status: 'opn' }), B: (s) => s },
  commands: {},
})
export const wrongMember = actor('unions', {
  state: (): Counted => ({ ...shut, n: 0 }),
  events: twoEvents,
  // @ts-expect-error the number is missing
  evolve: { A: () => ({ status: 'shut' }), B: (s) => s },
  commands: {},
})
export const asynchronous = actor('unions', {
  state: { n: 0 },
  events: twoEvents,
  // @ts-expect-error evolve is synchronous
  evolve: { A: async (s) => s, B: (s) => s },
  commands: {},
})

/** Whatever the state is. */
export const [texts, lists, nothing, unknowns, records] = [
  actor('x', {
    state: (): Status => 'open',
    events: twoEvents,
    evolve: { A: () => 'shut', B: (s) => (s === 'open' ? 'shut' : 'open') },
    commands: {},
  }),
  actor('x', {
    state: [] as Status[],
    events: twoEvents,
    evolve: { A: (s) => [...s, 'open'], B: () => ['shut'] },
    commands: {},
  }),
  actor('x', {
    state: (): DoorState | null => null,
    events: twoEvents,
    evolve: { A: () => ({ status: 'open' }), B: () => null },
    commands: {},
  }),
  actor('x', {
    state: (): unknown => ({}),
    events: twoEvents,
    evolve: { A: (_s, e) => e.n, B: () => undefined },
    commands: {},
  }),
  actor('x', {
    state: (): Readonly<Record<string, DoorState>> => ({}),
    events: twoEvents,
    evolve: { A: (s) => ({ ...s, front: { status: 'open' } }), B: () => ({}) },
    commands: {},
  }),
]

export function refusals(error: unknown): string {
  if (isRejected(error, Door, 'open')) {
    error.command satisfies string
    if (error.rejection === 'no-door') return error.details.since.toFixed()
    error.rejection satisfies 'is-open'
    // @ts-expect-error it gives no details
    error.details.since satisfies number
    // @ts-expect-error no such code
    return error.rejection === 'locked' ? 'locked' : ''
  }
  // A code that is known when it runs.
  if (isRejected(error, Door, 'shout')) error.rejection satisfies string
  if (isRejected(error, Account)) error.rejection satisfies 'already-open'
  // @ts-expect-error no command of this name
  isRejected(error, Door, 'close')
  // @ts-expect-error it refuses nothing
  if (isRejected(error, Door, 'knock')) return error.rejection
  return ''
}

export function ofWhichever<D extends ActorDefinition>(error: unknown, definition: D): unknown {
  return isRejected(error, definition) && (error as CommandRejectedError).rejection
}

export const wrongEvolve = actor('wrong', {
  state: { n: 0 },
  events: { A: z.object({ n: z.number() }), B: z.object({}) },
  // @ts-expect-error B is missing
  evolve: { A: (s, e) => ({ n: s.n + e.n }) },
  commands: {},
})

export const wrongState = actor('wrong', {
  state: { n: 0 },
  events: { A: z.object({ n: z.number() }) },
  // @ts-expect-error the state has a number
  evolve: { A: (s, e) => ({ n: String(s.n + e.n) }) },
  commands: {},
})

export const wrongEvent = actor('wrong', {
  state: { n: 0 },
  events: { A: z.object({ n: z.number() }) },
  evolve: { A: (s, e) => ({ n: s.n + e.n }) },
  commands: {
    // @ts-expect-error no event of this name
    unknown: { decide: (_s, _c, on) => on.B({}) },
    // @ts-expect-error the data is wrong
    data: { decide: (_s, _c, on) => on.A({ n: 'one' }) },
    // @ts-expect-error decide is synchronous
    later: { decide: async (_s, _c, on) => on.A({ n: 1 }) },
    // @ts-expect-error the input has no such member
    input: { input: z.object({ n: z.number() }), decide: (_s, c, on) => on.A({ n: c.m }) },
  },
})

export type Exact<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
export const stateIsInferred: Exact<
  StateOf<typeof Account>,
  { open: boolean; balance: number; tags: string[] }
> = true
export const eventsAreInferred: Exact<
  EventOf<typeof Counter>,
  { readonly type: 'Counted'; readonly data: { by: number } }
> = true
export const answer = (
  result: CommandResult<StateOf<typeof Counter>, EventOf<typeof Counter>>,
): number => result.events.reduce((sum, event) => sum + event.data.by, result.state.total)
