import type { ActorId, Metadata, StoredEvent } from '../../core/index.ts'
import { MalformedEventError } from '../../core/index.ts'
import type { CommitLog } from '../commit-log.ts'
import { RecentMap } from '../recent-map.ts'

/**
 * The member of an event's metadata that says up to which version the events before it were removed
 * where it comes from. An export gives it to the first event that is left of an actor.
 */
const markName = 'trimmedVersion'

/** The event, marked as the first that is left. */
export function withTrimmedMark(event: StoredEvent): StoredEvent {
  const metadata = { ...event.metadata, [markName]: String(event.version - 1) }
  return { ...event, metadata }
}

/** What was there before the event was marked. */
export function withoutTrimmedMark(metadata: Metadata): Metadata {
  if (!Object.hasOwn(metadata, markName)) return metadata
  const { [markName]: _mark, ...rest } = metadata
  return rest
}

/** Whether it is the first that was left where it comes from. */
export function hasTrimmedMark({
  version,
  metadata,
}: Pick<StoredEvent, 'version' | 'metadata'>): boolean {
  return version > 1 && metadata[markName] === String(version - 1)
}

/** What histories that were moved here say about their beginnings. */
export class TrimmedMarks {
  readonly #log: CommitLog
  /** Of a first event, which stays as it is until it is removed itself. */
  readonly #known: RecentMap<ActorId, number>

  constructor(log: CommitLog, capacity: number) {
    this.#log = log
    this.#known = new RecentMap(capacity)
  }

  /** Up to which version events were removed before the actor's came here; 0 where none were. */
  async of(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    const known = this.#known.get(actorId)
    if (known !== undefined) return known
    const range = { first: 1, last: Infinity, direction: 'forwards', limit: 1 } as const
    for await (const [first] of this.#log.read(actorId, range, signal)) {
      if (!first || first instanceof MalformedEventError) return 0
      const version = markOf(first)
      this.#known.set(actorId, version)
      return version
    }
    return 0
  }
}

/** A name that anybody may use says something only if it fits. */
function markOf(event: StoredEvent): number {
  return hasTrimmedMark(event) ? event.version - 1 : 0
}
