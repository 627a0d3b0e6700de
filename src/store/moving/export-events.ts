import {
  type ActorId,
  AetherError,
  MalformedEventError,
  type StoredEvent,
} from '../../core/index.ts'
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
 * @throws AetherError as `readAll`: `malformed-event` where an event can't be read; `history-trimmed` where `trim` has
 * removed events that were about to be exported, behind others of their actor that were
 */
export async function* exportEvents(
  store: EventStore,
  options: ExportOptions = {},
): AsyncGenerator<string, void, undefined> {
  const { onMalformed = 'stop', onSkipped, onProgress, ...range } = options
  oneOf('onMalformed', onMalformed, ['stop', 'skip'])
  const removals = new Removals(store, range.filter?.eventTypes !== undefined)
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
    yield encodeCloudEvent(await removals.told(entry))
    if (progress.events === limit) break
    if (progress.events % progressStep === 0) onProgress?.(progress)
  }
  onProgress?.(progress)
}

/** Tells what was removed of an actor: before its first event by a mark, between two by an error. */
class Removals {
  readonly #store: EventStore
  /** Whether events are left out between others, by their types: then a gap says nothing. */
  readonly #isSelective: boolean
  /** The version of each actor that was exported last. */
  readonly #exported = new Map<ActorId, number>()

  constructor(store: EventStore, isSelective: boolean) {
    this.#store = store
    this.#isSelective = isSelective
  }

  async told(event: StoredEvent): Promise<StoredEvent> {
    // Where nothing is removed, only what was moved here is marked, and is so already.
    if (!this.#store.retention) return event
    const { actorId, version } = event
    const before = this.#exported.get(actorId)
    this.#exported.set(actorId, version)
    if (version === (before ?? 0) + 1) return event
    if (before === undefined) return this.#marked(event)
    if (!this.#isSelective) await this.#assertKeptBehind(before, actorId)
    return event
  }

  /** More may have been removed by now than when it was read. */
  async #marked(event: StoredEvent): Promise<StoredEvent> {
    const trimmed = await this.#store.trimmedVersion(event.actorId)
    return trimmed >= event.version - 1 ? withTrimmedMark(event) : event
  }

  /** Imported, the gap would be taken for versions that were left out, and the state for what it never was. */
  async #assertKeptBehind(version: number, actorId: ActorId): Promise<void> {
    const trimmed = await this.#store.trimmedVersion(actorId)
    if (trimmed <= version) return
    throw new AetherError(
      'history-trimmed',
      `the events of ${actorId} from version ${version + 1} to ${trimmed} were removed while it was being exported: export again, and trim behind that`,
    )
  }
}
