import {
  type ActorId,
  AetherError,
  MalformedEventError,
  type StoredEvent,
} from '../../core/index.ts'
import type { EventStore, LogEntry } from '../../store/index.ts'
import type { ActorModel } from '../definition/model.ts'
import { type ActorState, foldStored, initialOf } from './fold.ts'

/** An event, and what the actor was after it. */
export interface Moment {
  readonly event: StoredEvent
  readonly after: ActorState
}

interface Replay {
  /** @default the state before anything happened */
  readonly from?: ActorState | undefined
  /** @default the newest */
  readonly toVersion?: number
  readonly visit?: (event: StoredEvent, after: ActorState) => void
  readonly signal?: AbortSignal | undefined
}

/** Reads what happened to one actor, and what it was at any version. */
export class History {
  readonly actorId: ActorId
  readonly #store: EventStore
  readonly #model: ActorModel

  constructor(store: EventStore, model: ActorModel, actorId: ActorId) {
    this.actorId = actorId
    this.#store = store
    this.#model = model
  }

  /**
   * Folds the events behind a state, showing each one to `visit`: as {@link moments} does, whose promises
   * for each event would cost a fifth of the whole.
   */
  async replay({ from, toVersion = Infinity, visit, signal }: Replay = {}): Promise<ActorState> {
    let after = from ?? initialOf(this.#model)
    for await (const event of this.#readBehind(after, toVersion, signal)) {
      if (event.version > after.version + 1) await this.#assertKeptBehind(after.version, signal)
      after = foldStored(this.#model, after, event)
      visit?.(event, after)
    }
    await this.#assertKeptTo(toVersion, after, signal)
    return after
  }

  /**
   * As {@link replay} from the beginning, all events at once; undefined, and nothing shown to `visit`, where
   * there are `limit` or more, or where one is missing or can't be read: a snapshot may stand behind it.
   */
  async replayShort(
    limit: number,
    visit: (event: StoredEvent) => void,
  ): Promise<ActorState | undefined> {
    const options = { limit, onMalformed: 'collect' } as const
    const entries = await this.#store.read(this.actorId, options).toArray()
    if (entries.length >= limit || !isWhole(entries)) return undefined
    let after = initialOf(this.#model)
    for (const event of entries) {
      after = foldStored(this.#model, after, event)
      visit(event)
    }
    return after
  }

  /**
   * Each event behind a state, oldest first, and what it made of the actor.
   * @throws AetherError `history-trimmed` where some of them were removed
   */
  async *moments({
    from,
    toVersion = Infinity,
    signal,
  }: Omit<Replay, 'visit'> = {}): AsyncGenerator<Moment, void> {
    let after = from ?? initialOf(this.#model)
    for await (const event of this.#readBehind(after, toVersion, signal)) {
      if (event.version > after.version + 1) await this.#assertKeptBehind(after.version, signal)
      after = foldStored(this.#model, after, event)
      yield { event, after }
    }
    await this.#assertKeptTo(toVersion, after, signal)
  }

  /**
   * What the actor was at a version.
   * @throws AetherError `invalid-argument` where it has not got there yet
   */
  async at(
    version: number,
    { from, signal }: Pick<Replay, 'from' | 'signal'> = {},
  ): Promise<ActorState> {
    const then = await this.replay({ from, toVersion: version, signal })
    if (then.version >= version) return then
    const newest = await this.#store.latestVersion(this.actorId, signal ? { signal } : {})
    // Versions may be left out; the actor was then what it had been before.
    if (newest > version) return then
    const message = `${this.actorId} is at version ${newest}: there is no version ${version} yet`
    throw new AetherError('invalid-argument', message)
  }

  /** @throws AetherError `history-trimmed` where some of them were removed */
  async events(fromVersion: number, toVersion: number): Promise<StoredEvent[]> {
    const range = { fromVersion, toVersion }
    const events = await this.#store.read(this.actorId, range).toArray()
    if (events[0]?.version !== fromVersion) await this.#assertKeptBehind(fromVersion - 1)
    return events
  }

  #readBehind(
    { version }: ActorState,
    toVersion: number,
    signal: AbortSignal | undefined,
  ): AsyncIterable<StoredEvent> {
    const range = { fromVersion: version + 1, toVersion, ...(signal && { signal }) }
    return this.#store.read(this.actorId, range)
  }

  async #assertKeptTo(
    toVersion: number,
    { version }: ActorState,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const isShort = toVersion < Infinity && version < toVersion
    if (isShort) await this.#assertKeptBehind(version, signal)
  }

  /** Versions may be left out, so of a gap only the store can tell whether something stood there. */
  async #assertKeptBehind(version: number, signal?: AbortSignal): Promise<void> {
    const trimmed = await this.#store.trimmedVersion(this.actorId, signal ? { signal } : {})
    if (trimmed <= version) return
    throw new AetherError(
      'history-trimmed',
      `${this.actorId} can't be replayed behind version ${version}: its events up to version ${trimmed} were removed, and no snapshot covers them`,
    )
  }
}

/** Whether they are all events from the first one on. */
function isWhole(entries: readonly LogEntry[]): entries is readonly StoredEvent[] {
  return entries.every(
    (entry, index) => !(entry instanceof MalformedEventError) && entry.version === index + 1,
  )
}
