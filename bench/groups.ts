import { actorGroups } from './actors/index.ts'
import { busGroup } from './bus.ts'
import type { Group } from './group.ts'
import { jetStreamAppendGroup, jetStreamSyncedGroup } from './jetstream-appends.ts'
import { jetStreamReadGroup } from './jetstream-reads.ts'
import { policyGroup } from './policies.ts'
import { projectionGroup } from './projections.ts'
import { reminderGroup } from './reminders.ts'
import { rivalGroups } from './rivals/index.ts'
import { sqliteGroup } from './sqlite.ts'

/** All that is measured, in the order of the results. */
export const groups: readonly Group[] = [
  sqliteGroup,
  jetStreamAppendGroup,
  jetStreamSyncedGroup,
  jetStreamReadGroup,
  busGroup,
  ...actorGroups,
  policyGroup,
  reminderGroup,
  projectionGroup,
  ...rivalGroups,
]
