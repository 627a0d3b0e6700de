import { actor } from 'aether'
import * as z from 'zod'

/** Keeps whatever it is given. */
export const Thing = actor('thing', {
  state: { last: null as unknown },
  events: { Kept: z.object({ value: z.unknown() }) },
  evolve: { Kept: (_s, e) => ({ last: e.value }) },
  commands: {
    keep: { input: z.unknown(), decide: (_s, c, on) => on.Kept({ value: c }) },
    fail: {
      decide: () => {
        throw new Error('decide is broken')
      },
    },
    count: { decide: (_s, _c, on) => on.Kept({ value: 0 }), reply: (_s, { version }) => version },
  },
  queries: {
    last: { answer: (s) => s.last },
    above: { input: z.object({ n: z.number() }), answer: (s, c) => Number(s.last) > c.n },
  },
})
