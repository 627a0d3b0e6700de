import type { Evidence } from './check-history.ts'
import type { Disturbance } from './disturbance.ts'
import { isRead, isWrite, operationsIn } from './operations.ts'

/** What a run was like. */
export interface Figures {
  readonly events: number
  readonly acknowledged: number
  readonly conflicts: number
  readonly unknown: number
  readonly unavailable: number
  readonly commitsOfTwo: number
  readonly reads: number
  readonly readsUnavailable: number
  readonly given: number
  readonly kills: number
  readonly freezes: number
  readonly restarts: number
  /** The longest time without any write acknowledged, in milliseconds. */
  readonly longestOutageMs: number
}

export function figuresOf(
  { histories, log }: Evidence,
  disturbances: readonly Disturbance['name'][],
): Figures {
  const operations = operationsIn(histories)
  const writes = operations.filter(isWrite)
  const reads = operations.filter(isRead)
  const countOf = (is: string): number => writes.filter(({ outcome }) => outcome.is === is).length
  const disturbed = (name: string): number => disturbances.filter((each) => each === name).length
  const stored = writes.filter(({ outcome }) => outcome.is === 'stored')
  return {
    events: log.length,
    acknowledged: stored.length,
    conflicts: countOf('conflict'),
    unknown: countOf('unknown'),
    unavailable: countOf('unavailable'),
    commitsOfTwo: stored.filter(({ parts }) => parts.length > 1).length,
    reads: reads.filter(({ outcome }) => outcome.is === 'events' || outcome.is === 'version')
      .length,
    readsUnavailable: reads.filter(({ outcome }) => outcome.is === 'unavailable').length,
    given: histories.flat().filter(({ kind }) => kind === 'given').length,
    kills: disturbed('kill'),
    freezes: disturbed('freeze'),
    restarts: disturbed('restart'),
    longestOutageMs: longestGapMs(stored.map(({ end }) => end)),
  }
}

function longestGapMs(instants: readonly number[]): number {
  const sorted = instants.toSorted((a, b) => a - b)
  const gaps = sorted.map((at, index) => at - (sorted[index - 1] ?? at))
  return Math.round(gaps.reduce((longest, gap) => Math.max(longest, gap), 0) / 1_000)
}
