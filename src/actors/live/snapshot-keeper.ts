import {
  type ActorId,
  freezeJson,
  type JsonValue,
  type Logger,
  messageOf,
} from '../../core/index.ts'
import { type EventStore, RecentMap } from '../../store/index.ts'
import type { CommandMemory, RememberedCommand } from '../deciding/command-memory.ts'
import type { ActorModel } from '../definition/model.ts'
import type { ActorState } from '../replay/fold.ts'
import type { ActorObserver } from './actor-observer.ts'

/** What an actor was, and the commands that it remembered. */
export interface KeptState {
  readonly state: ActorState
  readonly commands: readonly RememberedCommand[]
}

/** A state that is to be kept. */
interface Offer {
  readonly model: ActorModel
  readonly state: ActorState
  readonly memory: CommandMemory | undefined
}

/** What is stored as the state of a snapshot. */
interface Content {
  readonly state: JsonValue
  readonly commands: readonly RememberedCommand[]
}

export interface LoadOptions {
  /** @default any */
  readonly maxVersion?: number
  readonly signal?: AbortSignal
}

/** How many snapshots are saved at once. */
const maxSaves = 4
/** Of how many actors it is remembered that they have no state kept. */
const maxWithout = 10_000
/** How many actors wait for theirs at most; one more is kept another time. */
const maxOffers = 1_000

/**
 * Keeps states of actors, so that not all their events must be read again. It works beside the way of
 * the commands: whatever fails costs a replay, never a command.
 */
export class SnapshotKeeper {
  readonly #store: EventStore
  readonly #logger: Logger
  readonly #observer: ActorObserver | undefined
  /** The newest of each actor. */
  readonly #offers = new Map<ActorId, Offer>()
  readonly #saves = new Set<Promise<void>>()
  readonly #without = new RecentMap<ActorId, true>(maxWithout)

  constructor(store: EventStore, logger: Logger, observer?: ActorObserver) {
    this.#store = store
    this.#logger = logger
    this.#observer = observer
  }

  /** A state from which to replay, if one of the definition's shape is kept. */
  async load(
    { type, shape, snapshotEvery }: ActorModel,
    actorId: ActorId,
    options: LoadOptions = {},
  ): Promise<KeptState | undefined> {
    this.#without.delete(actorId)
    if (snapshotEvery === Infinity) return undefined
    const snapshot = await this.#store.loadSnapshot(actorId, { shape, ...options })
    this.#observer?.snapshotLoaded(type, snapshot !== undefined)
    if (!snapshot) return undefined
    const { state, commands } = snapshot.state as unknown as Content
    freezeJson(state)
    return { state: { version: snapshot.version, state }, commands }
  }

  /** Remembers that there was none to load of an actor of few events, until one is offered or looked for. */
  noteWithout(actorId: ActorId): void {
    this.#without.set(actorId, true)
  }

  /**
   * Whether looking for one is likely to be in vain. Another process may have kept one since, which only
   * costs replaying the events.
   */
  isWithout(actorId: ActorId): boolean {
    return this.#without.use(actorId) !== undefined
  }

  /** Keeps the state soon. */
  offer(model: ActorModel, actorId: ActorId, state: ActorState, memory?: CommandMemory): void {
    this.#without.delete(actorId)
    if (this.#offers.size >= maxOffers && !this.#offers.has(actorId)) return
    this.#offers.set(actorId, { model, state, memory })
    if (this.#saves.size >= maxSaves) return
    const save = this.#saveOffers()
    this.#saves.add(save)
    void save.finally(() => this.#saves.delete(save))
  }

  /** Waits for the saves under way; what was only offered is not kept. */
  async close(): Promise<void> {
    this.#offers.clear()
    await Promise.all(this.#saves)
  }

  async #saveOffers(): Promise<void> {
    for (const [actorId, offer] of this.#offers) {
      this.#offers.delete(actorId)
      await this.#save(actorId, offer)
    }
  }

  async #save(actorId: ActorId, { model, state, memory }: Offer): Promise<void> {
    try {
      const content = { state: state.state, commands: memory?.remembered(state.version) ?? [] }
      const { shape } = model
      const { version } = state
      const isSaved = await this.#store.saveSnapshot(actorId, { version, state: content, shape })
      this.#observer?.snapshotSaved(model.type, isSaved ? 'saved' : 'superseded')
    } catch (error) {
      this.#observer?.snapshotSaved(model.type, 'failed')
      this.#logger.warn({ actorId }, `the state of ${actorId} was not kept: ${messageOf(error)}`)
    }
  }
}
