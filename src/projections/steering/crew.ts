import type { EventStore } from '../../store/index.ts'
import { groupMembers } from '../membership/group-members.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'

/** Those who work together on the builds of readers, each of which is a group. */
export interface Crew {
  /** Shares the parts of a group with its other members. */
  join(group: string, parts: readonly string[]): Promise<PartOwnership>
}

/** Where the members of all readers of a store find each other. */
export const membersTable = 'members'

/** How many take part in a group, as it was last written down. */
export async function countMembers(store: EventStore, group: string): Promise<number> {
  const groups = await groupMembers(await store.table(membersTable))
  return groups.get(group)?.length ?? 0
}
