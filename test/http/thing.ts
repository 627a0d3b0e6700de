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
  },
})
