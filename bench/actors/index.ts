import type { Group } from '../group.ts'
import { coldActorGroup } from './cold.ts'
import { idleActorGroup } from './idle-memory.ts'
import { inMemoryActorGroups } from './in-memory.ts'
import { storedActorGroup } from './stored.ts'
import { transferGroup } from './transfers.ts'

/** What the actor runtime costs, and what it makes of what waits. */
export const actorGroups: readonly Group[] = [
  ...inMemoryActorGroups,
  storedActorGroup,
  transferGroup,
  coldActorGroup,
  idleActorGroup,
]
