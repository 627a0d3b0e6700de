import { type ActorId, AetherError, type StoredEvent } from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import type { CommandResult } from './command.ts'
import type { CommandRecord } from './command-memory.ts'
import { type ActorState, foldStored, initialOf } from './fold.ts'
import type { ActorModel } from './model.ts'

/** Reads what happened to one actor, and what it was at any version. */
export class History {
  readonly #store: EventStore
  readonly #model: ActorModel
  readonly #actorId: ActorId

  constructor(store: EventStore, model: ActorModel, actorId: ActorId) {
    this.#store = store
    this.#model = model
    this.#actorId = actorId
  }

  /** Folds the events behind `from`, showing each one to `visit`. */
  async replay(
    from: ActorState = initialOf(this.#model),
    visit?: (event: StoredEvent, after: ActorState) => void,
  ): Promise<ActorState> {
    let current = from
    for await (const event of this.#store.read(this.#actorId, { fromVersion: from.version + 1 })) {
      current = foldStored(this.#model, current, event)
      visit?.(event, current)
    }
    return current
  }

  /**
   * What the actor was at a version.
   * @throws AetherError `invalid-argument` where it has not got there yet
   */
  async at(version: number): Promise<ActorState> {
    let current = initialOf(this.#model)
    if (version === 0) return current
    for await (const event of this.#store.read(this.#actorId, { toVersion: version })) {
      current = foldStored(this.#model, current, event)
    }
    if (current.version >= version) return current
    const message = `${this.#actorId} is at version ${current.version}: there is no version ${version} yet`
    throw new AetherError('invalid-argument', message)
  }

  /** The answers that these commands got when they were stored, in one pass over the events. */
  async answersOf(records: readonly CommandRecord[], now: ActorState): Promise<CommandResult[]> {
    const events = new Map<number, StoredEvent>()
    const states = new Map<number, unknown>([[now.version, now.state]])
    const firstNeeded = Math.min(...records.map((record) => record.firstVersion))
    const lastNeeded = Math.max(...records.map((record) => record.lastVersion))
    if (records.every((record) => record.lastVersion === now.version)) {
      const range = { fromVersion: firstNeeded, toVersion: lastNeeded }
      for await (const event of this.#store.read(this.#actorId, range))
        events.set(event.version, event)
    } else {
      let current = initialOf(this.#model)
      for await (const event of this.#store.read(this.#actorId, { toVersion: lastNeeded })) {
        current = foldStored(this.#model, current, event)
        if (event.version < firstNeeded) continue
        events.set(event.version, event)
        states.set(event.version, current.state)
      }
    }
    return records.map(({ firstVersion, lastVersion }) => ({
      actorId: this.#actorId,
      version: lastVersion,
      events: versionsBetween(firstVersion, lastVersion).flatMap(
        (version) => events.get(version) ?? [],
      ),
      state: states.get(lastVersion),
    }))
  }
}

function versionsBetween(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}
