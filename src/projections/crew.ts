import type { PartOwnership } from './part-ownership.ts'

/** Those who work together on the builds of readers, each of which is a group. */
export interface Crew {
  /** Shares the parts of a group with its other members. */
  join(group: string, parts: readonly string[]): Promise<PartOwnership>
  /** How many take part in a group, as it was last written down. */
  count(group: string): Promise<number>
}
