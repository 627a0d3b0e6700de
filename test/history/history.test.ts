import { expect, test } from 'vitest'
import { runHistory } from './history-run.ts'
import type { HistoryBackend } from './history-setup.ts'

/** Long enough for one server after the other to be killed and frozen; `history-check` runs longer. */
const runs: readonly { readonly backend: HistoryBackend; readonly seconds: number }[] = [
  { backend: 'sqlite', seconds: 3 },
  { backend: 'nats-r1', seconds: 5 },
  { backend: 'nats-r3', seconds: 12 },
]

test.each(runs)(
  '$backend keeps its promises while it is disturbed',
  async ({ backend, seconds }) => {
    const { findings, figures } = await runHistory({
      backend,
      seconds,
      processes: 4,
      actors: 8,
      seed: 1,
    })
    // Reads of a leader that was frozen and replaced meanwhile may be old: it does not know it yet.
    expect(findings.filter(({ kind }) => kind !== 'stale-read-after-freeze')).toEqual([])
    // Else nothing was shown.
    expect(figures.acknowledged).toBeGreaterThan(50)
    expect(figures.conflicts).toBeGreaterThan(10)
    expect(figures.reads).toBeGreaterThan(50)
    expect(figures.kills).toBeGreaterThan(0)
  },
)
