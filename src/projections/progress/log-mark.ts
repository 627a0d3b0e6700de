import { type ActorId, MalformedEventError } from '../../core/index.ts'
import type { EventStore, LogEntry } from '../../store/index.ts'

/** An event that a member has read: a log that has another one in its place went another way since. */
export interface LogMark {
  readonly position: number
  readonly version: number
  readonly actorId: ActorId
  readonly id: string
}

/** As it is stored, in few characters: with each progress. */
export type StoredMark = readonly [position: number, version: number, actorId: ActorId, id: string]

/** Of the last entry; undefined where that can't be read, or there is none. */
export function markOf(entries: readonly LogEntry[]): LogMark | undefined {
  const last = entries.at(-1)
  if (!last || last instanceof MalformedEventError) return undefined
  const { position, version, actorId, id } = last
  return { position, version, actorId, id }
}

export function storedMark({ position, version, actorId, id }: LogMark): StoredMark {
  return [position, version, actorId, id]
}

export function readMark([position, version, actorId, id]: StoredMark): LogMark {
  return { position, version, actorId, id }
}

/** Whether the log has the event still, or had it before it was removed. */
export async function hasMark(mark: LogMark, store: EventStore): Promise<boolean> {
  const { position, version, actorId, id } = mark
  const there = store.readAll({ after: position - 1, limit: 1, onMalformed: 'collect' })
  for await (const entry of there)
    // What was read once and can't be any more is damaged, and no other event.
    if (entry.position === position) return entry instanceof MalformedEventError || entry.id === id
  return (await store.trimmedVersion(actorId)) >= version
}
