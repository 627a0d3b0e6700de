import { actor, type Node, open, policy, type PolicyDefinition } from '../../src/index.ts'
import * as z from 'zod'
import { backendAt, type StorePlace } from '../support/store-place.ts'

const numbered = z.object({ n: z.int() })
const from = z.object({ order: z.string(), n: z.int(), pid: z.int() })

export const Order = actor('order', {
  state: { last: 0 },
  events: { Placed: numbered },
  evolve: { Placed: (_s, e) => ({ last: e.n }) },
  commands: { place: { input: numbered, decide: (_s, c, on) => on.Placed(c) } },
})

/** Counts whatever it is told, again and again. */
export const Shelf = actor('shelf', {
  state: { taken: 0 },
  events: { Taken: from },
  evolve: { Taken: (s) => ({ taken: s.taken + 1 }) },
  commands: {
    take: {
      input: from.omit({ pid: true }),
      decide: (_s, c, on) => on.Taken({ ...c, pid: process.pid }),
    },
  },
})

/** Takes twice from one shelf, and once from another, for each order. */
const TakeFromShelves: PolicyDefinition = policy({
  name: 'take-from-shelves',
  actors: [Order],
  startAt: 'beginning',
  retries: 100,
  retryMs: 20,
  on: {
    Placed: async ({ key, data: { n } }, ctx) => {
      const shelf = `s-${key}`
      await ctx.get(Shelf, shelf).take({ order: key, n })
      await ctx.get(Shelf, shelf).take({ order: key, n })
      await ctx.get(Shelf, 'all').take({ order: key, n })
    },
  },
})

export type Warehouse = Node<typeof Order | typeof Shelf>

export function openAt(place: StorePlace, isWorking: boolean): Promise<Warehouse> {
  return open({
    backend: backendAt(place),
    actors: [Order, Shelf],
    policies: isWorking ? [TakeFromShelves] : [],
    limits: { commandTimeoutMs: 60_000 },
  })
}
