import type { EventStore } from 'aether'
import type { LoggedEvent } from './history.ts'

/** All of the log, as the checker takes it. */
export function loggedEvents(store: EventStore): Promise<LoggedEvent[]> {
  return Array.fromAsync(store.readAll(), ({ id, actorId, version, position }) => ({
    id,
    actorId,
    version,
    position,
  }))
}
