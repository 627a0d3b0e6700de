import { type ActorId, AetherError, type StoredEvent } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import { type ActorState, foldStored, initialOf } from './fold.ts'
import type { ActorModel } from './model.ts'

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

  /** Folds the events behind a state, showing each one to `visit`. */
  async replay({ from, toVersion = Infinity, visit, signal }: Replay = {}): Promise<ActorState> {
    let current = from ?? initialOf(this.#model)
    for await (const { event, after } of this.moments({ from: current, toVersion, signal })) {
      current = after
      visit?.(event, after)
    }
    return current
  }

  /** Each event behind a state, oldest first, and what it made of the actor. */
  async *moments({
    from,
    toVersion = Infinity,
    signal,
  }: Omit<Replay, 'visit'> = {}): AsyncGenerator<Moment, void> {
    let after = from ?? initialOf(this.#model)
    const range = { fromVersion: after.version + 1, toVersion, ...(signal && { signal }) }
    for await (const event of this.#store.read(this.actorId, range)) {
      after = foldStored(this.#model, after, event)
      yield { event, after }
    }
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

  events(fromVersion: number, toVersion: number): Promise<StoredEvent[]> {
    return Array.fromAsync(this.#store.read(this.actorId, { fromVersion, toVersion }))
  }
}
