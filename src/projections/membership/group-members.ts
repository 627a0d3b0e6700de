import type { DocumentTable } from '../../store/index.ts'
import { assignmentKey, readAssignment } from './assignment.ts'

/** What a member of a group works on. */
export interface GroupMember {
  readonly memberId: string
  readonly parts: readonly string[]
}

/**
 * Who shares the parts of each group, as it was last written down: one that has died is named until
 * somebody takes its place.
 * @throws AetherError `store-unavailable`, `closed`
 */
export async function groupMembers(
  table: DocumentTable,
): Promise<ReadonlyMap<string, readonly GroupMember[]>> {
  const { members, groups } = readAssignment((await table.get(assignmentKey))?.text)
  return new Map(
    [...groups].map(([name, group]) => [
      name,
      group.members.map((identity) => ({
        memberId: members.get(identity)?.memberId ?? identity,
        parts: [...group.owners].flatMap(([part, owner]) => (owner === identity ? [part] : [])),
      })),
    ]),
  )
}
