import { type ActorId, MalformedEventError } from '../core/index.ts'
import type { LogEntry } from '../store/index.ts'
import type { FailedEvent } from './held-actor.ts'

/** An entry of the log that failed; of one that can't be read, only its place is known. */
export function failedEvent(actorId: ActorId, entry: LogEntry): FailedEvent {
  const { position } = entry
  if (entry instanceof MalformedEventError) return { actorId, position }
  const { version, type } = entry
  return { actorId, position, version, type }
}
