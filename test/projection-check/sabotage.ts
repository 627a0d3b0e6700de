import { setTimeout as pause } from 'node:timers/promises'
import type { ProjectionTarget } from 'aether'
import type { Sql } from 'aether/sqlite'

type Target = ProjectionTarget<Sql, void>

/** Ways to break what a target promises, so that it can be shown that this is found out. */
export const sabotages = ['ignores-expected', 'progress-apart', 'shows-too-early'] as const
export type Sabotage = (typeof sabotages)[number]

/** A target that doesn't keep the promise. */
export function sabotaged(target: Target, sabotage: Sabotage): Target {
  return {
    name: target.name,
    prepare: async (build, log) => {
      await target.prepare(build, log)
      // Readers see it before there is anything in it.
      if (sabotage === 'shows-too-early') await target.activate(build)
    },
    load: (build) => target.load(build),
    activate: (build) => target.activate(build),
    drop: (build) => target.drop(build),
    close: () => target.close(),
    commit: commits[sabotage](target),
  }
}

const commits: Readonly<Record<Sabotage, (target: Target) => Target['commit']>> = {
  'ignores-expected': ignoringExpected,
  'progress-apart': apart,
  'shows-too-early': slow,
}

/** So slow that somebody reads in between. */
function slow(target: Target): Target['commit'] {
  return async (build, parts, write) => {
    await pause(1_000)
    return target.commit(build, parts, write)
  }
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
