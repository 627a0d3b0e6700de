import { type ActorId, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import type { EventStore, ReadAllOptions } from '../event-store.ts'
import { oneOf, type OnMalformed } from '../reading/reading.ts'
import { encodeCloudEvent } from './cloud-event.ts'
import { withTrimmedMark } from './trimmed-mark.ts'

/** Which events to export, and who wants to know how far it got. */
export interface ExportOptions extends Pick<
  ReadAllOptions,
  'after' | 'filter' | 'limit' | 'signal'
> {
  /** `'skip'` leaves events out that can't be read, and tells `onSkipped`. @default 'stop' */
  readonly onMalformed?: OnMalformed
  readonly onSkipped?: (error: MalformedEventError) => void
  /** Called after every 1,000 events, and at the end. */
  readonly onProgress?: (progress: ExportProgress) => void
}

/** How far an export got. */
export interface ExportProgress {
  /** How many were exported. */
  readonly events: number
  /** Of the last one, also where it was skipped: exporting goes on behind it. */
  readonly position: number
}

const progressStep = 1_000

/**
 * The log as NDJSON, in its order: each event a CloudEvent 1.0, a line without its line break.
 * `importEvents` makes the same events of them. Where `trim` removed an actor's older events, the
 * first one that is left says so in its metadata; for that the actors are remembered, in a store
 * that was made with `retention`.
 * @throws AetherError as `readAll`: `malformed-event` where an event can't be read
 */
export async function* exportEvents(
  store: EventStore,
  options: ExportOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { onMalformed = 'stop', onSkipped, onProgress, ...range } = options
  oneOf('onMalformed', onMalformed, ['stop', 'skip'])
  const beginnings = new Beginnings(store)
  let progress: ExportProgress = { events: 0, position: range.after ?? 0 }
  // Malformed ones count for the limit of a read, so that it is counted here.
  const { limit = Infinity, ...wanted } = range
  if (limit === 0) return
  for await (const entry of store.readAll({ ...wanted, onMalformed: 'collect' })) {
    if (entry instanceof MalformedEventError) {
      if (onMalformed === 'stop') throw entry
      onSkipped?.(entry)
      progress = { ...progress, position: entry.lastPosition }
      continue
    }
    progress = { events: progress.events + 1, position: entry.position }
    yield encodeCloudEvent(await beginnings.marked(entry))
    if (progress.events === limit) break
    if (progress.events % progressStep === 0) onProgress?.(progress)
  }
  onProgress?.(progress)
}

/** Finds the events before which others were removed. */
class Beginnings {
  readonly #store: EventStore
  readonly #seen = new Set<ActorId>()

  constructor(store: EventStore) {
    this.#store = store
  }

  async marked(event: StoredEvent): Promise<StoredEvent> {
    const { actorId, version } = event
    // Where nothing was removed, only what was moved here is marked, and is so already.
    if (!this.#store.retention || this.#seen.has(actorId)) return event
    this.#seen.add(actorId)
    const isFirstLeft = version > 1 && (await this.#store.trimmedVersion(actorId)) === version - 1
    return isFirstLeft ? withTrimmedMark(event) : event
  }
}
