import type { Outcome } from './comparison.ts'

/** All that was measured on one machine; the newest of each comparison. */
export interface Measured {
  /** What the figures hold for: processor, Node, servers. */
  readonly machine: Readonly<Record<string, string>>
  readonly groups: readonly MeasuredGroup[]
}

export interface MeasuredGroup {
  readonly name: string
  readonly remarks: readonly string[]
  readonly outcomes: readonly Outcome[]
  /** The comparisons that there are no figures of. */
  readonly unmeasured: readonly string[]
}
