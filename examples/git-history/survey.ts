import { type EventStore, parseActorId } from 'aether'
import { File } from './file.ts'

/** What the log of events holds about the files, in one pass over it. */
export interface Survey {
  readonly events: number
  /** By the key of its actor: the number of its events. */
  readonly eventsByFile: ReadonlyMap<string, number>
  /** Files that were added and not deleted or renamed since. */
  readonly existing: number
}

export async function surveyEvents(store: EventStore): Promise<Survey> {
  const eventsByFile = new Map<string, number>()
  const existing = new Set<string>()
  let events = 0
  for await (const { actorId, type: event } of store.readAll()) {
    const { type, key } = parseActorId(actorId)
    if (type !== File.type) continue
    events++
    eventsByFile.set(key, (eventsByFile.get(key) ?? 0) + 1)
    if (event === 'Added') existing.add(key)
    else if (event !== 'Modified') existing.delete(key)
  }
  return { events, eventsByFile, existing: existing.size }
}
