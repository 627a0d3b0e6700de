import { contracted } from './contracted.ts'
import { expanded } from './expanded.ts'
import type { MakeRelease } from './release.ts'
import { version1 } from './version-1.ts'
import { version2 } from './version-2.ts'

export const releases = {
  'version-1': version1,
  'version-2': version2,
  expanded,
  contracted,
} as const satisfies Record<string, MakeRelease>
export type ReleaseName = keyof typeof releases

/** One process is ended, and another one takes its place. */
export interface Step {
  readonly shop: number
  readonly release: ReleaseName
}

/** A deploy from version 1 on, a process at a time; one is rolled back in between. */
export interface Plan {
  readonly steps: readonly Step[]
  /** From which step on clients send what version 1 doesn't know. */
  readonly newCommandsFrom: number
  /** Whether nobody may notice it. */
  readonly isSmooth: boolean
}

const all = (release: ReleaseName): Step[] => [0, 1, 2].map((shop) => ({ shop, release }))

export const plans = {
  /** All at once: the old code meets what it can't read. */
  sudden: {
    steps: [
      { shop: 0, release: 'version-2' },
      { shop: 1, release: 'version-2' },
      { shop: 0, release: 'version-1' },
      { shop: 2, release: 'version-2' },
      { shop: 0, release: 'version-2' },
    ],
    newCommandsFrom: 1,
    isSmooth: false,
  },
  /** First those who read, then those who write. */
  staged: {
    steps: [
      ...all('expanded'),
      { shop: 0, release: 'contracted' },
      { shop: 0, release: 'expanded' },
      ...all('contracted'),
    ],
    newCommandsFrom: 8,
    isSmooth: true,
  },
} as const satisfies Record<string, Plan>
export type PlanName = keyof typeof plans
