import type { PartOwnership } from '../progress/part-ownership.ts'

/** Those who work together on the builds of readers, each of which is a group. */
export interface Crew {
  /** Shares the parts of a group with its other members. */
  join(group: string, parts: readonly string[]): Promise<PartOwnership>
}

/** Where the members of all readers of a store find each other. */
export const membersTable = 'members'
