import { setTimeout as sleep } from 'node:timers/promises'
import { actor } from 'aether'
import * as z from 'zod'

const afterMs = z.number().refine(async (ms) => {
  await sleep(ms)
  return true
})

/** Takes its time, as many milliseconds as the input says. */
export const Slow = actor('slow', {
  state: { done: 0 },
  events: { Done: z.object({}) },
  evolve: { Done: (s) => ({ done: s.done + 1 }) },
  commands: { work: { input: afterMs, decide: (_s, _c, on) => on.Done({}) } },
})
