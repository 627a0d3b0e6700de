import { type ActorId, MalformedEventError } from '../../core/index.ts'
import type { LogEntry } from '../../store/index.ts'

/** Which event failed. */
export interface FailedEvent {
  readonly actorId: ActorId
  readonly position: number
  readonly lastPosition?: number
  readonly version?: number
  readonly type?: string
}

/** No type of actors can be called so. */
const nobodyPrefix = '?-'

/** An entry of the log that failed; one that can't be read and says of no actor is of nobody. */
export function failedEvent(entry: LogEntry): FailedEvent {
  const { position } = entry
  if (!(entry instanceof MalformedEventError)) {
    const { actorId, version, type } = entry
    return { actorId, position, version, type }
  }
  const { actorId = `${nobodyPrefix}${position}`, lastPosition } = entry
  return { actorId: actorId as ActorId, position, lastPosition }
}

/** Whose events an entry of the log is among. */
export function ownerOf(entry: LogEntry): ActorId {
  return (entry.actorId ?? `${nobodyPrefix}${entry.position}`) as ActorId
}

/** Whether it stands for an entry of the log that says of no actor. */
export function isOfNobody(actorId: string): boolean {
  return actorId.startsWith(nobodyPrefix)
}
