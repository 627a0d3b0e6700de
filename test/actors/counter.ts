import {
  actor,
  type ActorId,
  type Backend,
  type EventStore,
  type ReadOptions,
  reject,
} from 'aether'
import * as z from 'zod'

/** An actor with a command for everything that can go right or wrong. */
export const Counter = actor('counter', {
  state: { total: 0, steps: 0 },
  events: {
    Added: z.object({ by: z.number(), note: z.string().optional() }),
    Broken: z.object({}),
  },
  evolve: {
    Added: (s, e) => ({ total: s.total + e.by, steps: s.steps + 1 }),
    Broken: () => {
      throw new Error('evolve is broken')
    },
  },
  commands: {
    add: {
      input: z.object({ by: z.number(), note: z.string().optional() }),
      decide: (_s, c, on) => on.Added(c),
    },
    addTwice: {
      input: z.object({ by: z.number() }),
      decide: (_s, c, on) => [on.Added(c), on.Added(c)],
    },
    addMany: {
      input: z.object({ count: z.number() }),
      decide: (_s, c, on) => Array.from({ length: c.count }, () => on.Added({ by: 1 })),
    },
    /** Only while the total is below the limit: shows what state a decision saw. */
    addBelow: {
      input: z.object({ by: z.number(), limit: z.number() }),
      decide: (s, c, on) =>
        s.total + c.by > c.limit ? reject('too-much', { total: s.total }) : on.Added({ by: c.by }),
    },
    /** Makes no event where the total is as much already. */
    ensure: {
      input: z.object({ least: z.number() }),
      decide: (s, c, on) => (s.total < c.least ? on.Added({ by: c.least - s.total }) : []),
    },
    nothing: { decide: () => undefined },
    throwing: {
      decide: () => {
        throw new Error('decide is broken')
      },
    },
    breaking: { decide: (_s, _c, on) => on.Broken({}) },
    wrongEvent: { decide: (_s, _c, on) => on.Added({ by: 'much' as unknown as number }) },
    unstorable: { decide: (_s, _c, on) => on.Added({ by: Number.NaN }) },
    /** As JavaScript may be written, where no compiler says that it is no event. */
    text: { decide: (() => 'Added') as unknown as () => undefined },
    list: { decide: (() => [{ by: 1 }]) as unknown as () => undefined },
    later: { decide: (async () => undefined) as unknown as () => undefined },
    tell: {
      decide: (_s, _c, on, context) =>
        on.Added({ by: 0, note: JSON.stringify(context) }, { own: 'yes' }),
    },
  },
})

export interface Appended {
  readonly actorId: ActorId
  readonly types: readonly string[]
}

/** The same backend, with something done or seen before each append reaches it. */
export function watched(
  backend: Backend,
  beforeAppend: (appended: Appended, store: EventStore) => Promise<void>,
): Backend {
  return {
    name: backend.name,
    async openStore(options) {
      const store = await backend.openStore(options)
      const append: EventStore['append'] = async (actorId, events, appendOptions) => {
        await beforeAppend({ actorId, types: events.map((event) => event.type) }, store)
        return store.append(actorId, events, appendOptions)
      }
      return new Proxy(store, {
        get(target, name) {
          if (name === 'append' || name === 'appendAtOnce') return append
          const member: unknown = Reflect.get(target, name)
          return typeof member === 'function' ? (member.bind(target) as unknown) : member
        },
      })
    },
  }
}

/** The same backend, counting how often each actor is read. */
export function countingReads(backend: Backend, reads: Map<string, number>): Backend {
  return {
    name: backend.name,
    async openStore(options) {
      const store = await backend.openStore(options)
      const read = ((actorId: ActorId, range?: ReadOptions) => {
        reads.set(actorId, (reads.get(actorId) ?? 0) + 1)
        return store.read(actorId, range)
      }) as EventStore['read']
      return new Proxy(store, {
        get(target, name) {
          if (name === 'read') return read
          const member: unknown = Reflect.get(target, name)
          return typeof member === 'function' ? (member.bind(target) as unknown) : member
        },
      })
    },
  }
}
