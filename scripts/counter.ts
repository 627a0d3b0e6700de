import { actor } from 'aether'
import * as z from 'zod'

/** The smallest actor with a command: what is measured is what is around it. */
export const Counter = actor('counter', {
  state: { total: 0 },
  events: { Added: z.object({ by: z.number() }) },
  evolve: { Added: (s, e) => ({ total: s.total + e.by }) },
  commands: {
    add: { input: z.object({ by: z.number() }), decide: (_, c, on) => on.Added(c) },
  },
})
