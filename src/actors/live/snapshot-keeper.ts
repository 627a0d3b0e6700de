import {
  type ActorId,
  type Clock,
  freezeJson,
  type JsonValue,
  type Logger,
  messageOf,
} from '../../core/index.ts'
import { type EventStore, RecentMap, UnderWay } from '../../store/index.ts'
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
  /** Of the event that led to it, where that is known. */
  readonly eventId: string | undefined
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

/** What a keeper works with. */
interface SnapshotKeeperContext {
  readonly store: EventStore
  readonly clock: Clock
  readonly logger: Logger
  /** @default nobody is told */
  readonly observer?: ActorObserver
}

/**
 * How long the state of one actor is left as it was kept. What is stored meanwhile is replayed in less, and a hot
 * actor doesn't spend its time on being kept.
 */
const restMs = 100
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
  readonly #context: SnapshotKeeperContext
  readonly #closing = new AbortController()
  /** The newest of each actor. */
  readonly #offers = new Map<ActorId, Offer>()
  /** Of those whose state was kept a moment ago, what was offered since. */
  readonly #resting = new Map<ActorId, Offer | undefined>()
  readonly #underWay = new UnderWay()
  #savers = 0
  readonly #without = new RecentMap<ActorId, true>(maxWithout)

  constructor(context: SnapshotKeeperContext) {
    this.#context = context
  }

  /** A state from which to replay, if one of the definition's shape is kept. */
  async load(
    { type, shape, snapshotEvery }: ActorModel,
    actorId: ActorId,
    options: LoadOptions = {},
  ): Promise<KeptState | undefined> {
    this.#without.delete(actorId)
    if (snapshotEvery === Infinity) return undefined
    const { store, observer } = this.#context
    const snapshot = await store.loadSnapshot(actorId, { shape, ...options })
    observer?.snapshotLoaded(type, snapshot !== undefined)
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

  /** Keeps the state soon, unless a newer one of the actor is offered until then. */
  offer(actorId: ActorId, offer: Offer): void {
    this.#without.delete(actorId)
    if (this.#resting.has(actorId)) this.#resting.set(actorId, offer)
    else this.#take(actorId, offer)
  }

  /** Waits for the saves under way; what was only offered is not kept. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#offers.clear()
    await this.#underWay.none()
  }

  #take(actorId: ActorId, offer: Offer): void {
    if (this.#offers.size >= maxOffers && !this.#offers.has(actorId)) return
    this.#offers.set(actorId, offer)
    if (this.#savers < maxSaves) this.#underWay.enter(this.#saveOffers())
  }

  async #saveOffers(): Promise<void> {
    this.#savers++
    for (const [actorId, offer] of this.#offers) {
      this.#offers.delete(actorId)
      this.#resting.set(actorId, undefined)
      await this.#save(actorId, offer)
      void this.#rest(actorId)
    }
    // In the step that found nothing left: what is offered from now on needs another saver.
    this.#savers--
  }

  async #rest(actorId: ActorId): Promise<void> {
    const { clock } = this.#context
    await clock.sleep(restMs, this.#closing.signal).catch(() => undefined)
    const offer = this.#resting.get(actorId)
    this.#resting.delete(actorId)
    if (offer && !this.#closing.signal.aborted) this.#take(actorId, offer)
  }

  async #save(actorId: ActorId, { model, state, eventId, memory }: Offer): Promise<void> {
    const { store, logger, observer } = this.#context
    try {
      const content = { state: state.state, commands: memory?.remembered(state.version) ?? [] }
      const { shape } = model
      const { version } = state
      const snapshot = { version, state: content, shape, ...(eventId !== undefined && { eventId }) }
      const isSaved = await store.saveSnapshot(actorId, snapshot)
      observer?.snapshotSaved(model.type, isSaved ? 'saved' : 'superseded')
    } catch (error) {
      observer?.snapshotSaved(model.type, 'failed')
      logger.warn({ actorId }, `the state of ${actorId} was not kept: ${messageOf(error)}`)
    }
  }
}
