import { actor } from 'aether'
import * as z from 'zod'
import { snapshotEvery } from './release.ts'

const filed = z.object({ account: z.string(), version: z.number() })

/** The same in all versions. */
export const Receipt = actor('receipt', {
  state: { count: 0 },
  events: { Filed: filed },
  evolve: { Filed: (s) => ({ count: s.count + 1 }) },
  commands: { file: { input: filed, decide: (_s, c, on) => on.Filed(c) } },
  snapshots: { every: snapshotEvery },
})
