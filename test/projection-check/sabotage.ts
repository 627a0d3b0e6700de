import { setTimeout as pause } from 'node:timers/promises'
import type { ProjectionTarget } from 'aether'
import type { Progress } from '../../src/store/index.ts'
import type { Sql } from 'aether/sqlite'

type Target = ProjectionTarget<Sql, void>

/** Ways to break what a target promises, so that it can be shown that this is found out. */
export const sabotages = ['ignores-expected', 'progress-apart', 'claims-too-much'] as const
export type Sabotage = (typeof sabotages)[number]

/** A target that doesn't keep the promise. */
export function sabotaged(target: Target, sabotage: Sabotage): Target {
  return {
    name: target.name,
    prepare: (build) => target.prepare(build),
    load: async (build) => {
      const parts = await target.load(build)
      return sabotage === 'claims-too-much' && build.build > 1 ? parts.map(claiming) : parts
    },
    activate: (build) => target.activate(build),
    drop: (build) => target.drop(build),
    close: () => target.close(),
    commit: commits[sabotage](target),
  }
}

const commits: Readonly<Record<Sabotage, (target: Target) => Target['commit']>> = {
  'ignores-expected': ignoringExpected,
  'progress-apart': apart,
  'claims-too-much': (target) => (build, parts, write) => target.commit(build, parts, write),
}

/** What is made anew says that it is further than the log, so that it is read as it is. */
function claiming(part: Progress): Progress {
  return { ...part, text: part.text.replace(/"position":\d+/, '"position":9e15') }
}

/** Whoever is late writes all the same. */
function ignoringExpected(target: Target): Target['commit'] {
  return async (build, parts, write) => {
    // Long enough for a freeze to begin meanwhile, and with it others to take over.
    await pause(300)
    for (;;) {
      const stored = await target.load(build)
      const revisions = new Map(stored.map(({ part, revision }) => [part, revision]))
      const changes = parts.map(({ part, text }) => ({ part, text, expected: revisions.get(part) }))
      const committed = await target.commit(build, changes, write)
      if (committed) return committed
    }
  }
}

/** Effects first, how far they are later. */
function apart(target: Target): Target['commit'] {
  return async (build, parts, write) => {
    await target.commit(build, [], write)
    // Long enough for a kill to come in between.
    await pause(300)
    return target.commit(build, parts, () => undefined)
  }
}
