import { type ActorId, AetherError, type StoredEvent } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import { type ActorState, foldStored, initialOf } from './fold.ts'
import type { ActorModel } from './model.ts'

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
    const range = { fromVersion: current.version + 1, toVersion, ...(signal && { signal }) }
    for await (const event of this.#store.read(this.actorId, range)) {
      current = foldStored(this.#model, current, event)
      visit?.(event, current)
    }
    return current
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
