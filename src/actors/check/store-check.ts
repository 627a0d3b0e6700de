import { isDeepStrictEqual } from 'node:util'
import {
  type ActorId,
  type Logger,
  MalformedEventError,
  messageOf,
  parseActorId,
  type StoredEvent,
  systemClock,
  toJson,
} from '../../core/index.ts'
import type { EventStore } from '../../store/index.ts'
import type { ActorDefinition } from '../definition/definition.ts'
import type { ActorModel } from '../definition/model.ts'
import { SnapshotKeeper } from '../live/snapshot-keeper.ts'
import type { ActorState } from '../replay/fold.ts'
import type { Finding } from './finding.ts'
import { FoldCheck } from './fold-check.ts'

/** Of how many actors it is known that they were folded; of others the store is asked. */
const maxFolded = 100_000

export interface StoreCheckOptions {
  /** Definitions of before: whose states differ from theirs is found, too. @default none */
  readonly against?: readonly ActorDefinition[]
  /** Is told of snapshots that can't be read. */
  readonly logger: Logger
}

/** How many events of a type nobody knows. */
interface Strangers {
  events: number
  readonly firstPosition: number
}

/**
 * Replays everything that is stored through definitions, as a deployment of them would. It follows the
 * log and folds each actor as a whole when it meets its first event; so it holds one state at a time,
 * and reads every event twice.
 */
export class StoreCheck {
  readonly #store: EventStore
  readonly #models: ReadonlyMap<string, ActorModel>
  readonly #against: ReadonlyMap<string, ActorModel>
  readonly #keeper: SnapshotKeeper
  readonly #folded = new Set<ActorId>()
  readonly #unknownTypes = new Map<string, Strangers>()
  readonly #unknownEvents = new Map<string, Map<string, Strangers>>()
  #events = 0
  #actors = 0

  constructor(
    store: EventStore,
    definitions: readonly ActorDefinition[],
    { against = [], logger }: StoreCheckOptions,
  ) {
    this.#store = store
    this.#models = modelsOf(definitions)
    this.#against = modelsOf(against)
    this.#keeper = new SnapshotKeeper({ store, clock: systemClock, logger })
  }

  /** How many events of the log were checked so far. */
  get events(): number {
    return this.#events
  }

  /** How many actors were folded so far. */
  get actors(): number {
    return this.#actors
  }

  /** Everything that is found, as it is found; types that nobody knows come last. */
  async *findings(): AsyncGenerator<Finding, void> {
    for await (const entry of this.#store.readAll({ onMalformed: 'collect' })) {
      this.#events++
      if (entry instanceof MalformedEventError) yield unreadable(entry)
      else yield* this.#meet(entry)
    }
    for (const [actorType, strangers] of this.#unknownTypes)
      yield { kind: 'unknown-actor-type', actorType, ...strangers }
    for (const [actorType, types] of this.#unknownEvents)
      for (const [type, strangers] of types)
        yield { kind: 'unknown-event', actorType, type, ...strangers }
  }

  async *#meet(event: StoredEvent): AsyncGenerator<Finding, void> {
    const { type } = parseActorId(event.actorId)
    const model = this.#models.get(type)
    if (!model) count(this.#unknownTypes, type, event)
    else if (await this.#isFirst(event)) {
      this.#actors++
      yield* this.#fold(event.actorId, model)
    }
  }

  /** Whether this is the first event of its actor that can be read. */
  async #isFirst({ actorId, version }: StoredEvent): Promise<boolean> {
    if (this.#folded.has(actorId)) return false
    this.#folded.add(actorId)
    const oldest = this.#folded.size > maxFolded ? this.#folded.values().next().value : undefined
    if (oldest !== undefined) this.#folded.delete(oldest)
    if (version === 1) return true
    const before = { toVersion: version - 1, limit: 1, onMalformed: 'skip' } as const
    for await (const _event of this.#store.read(actorId, before)) return false
    return true
  }

  async *#fold(actorId: ActorId, model: ActorModel): AsyncGenerator<Finding, void> {
    const kept = (await this.#keeper.load(model, actorId))?.state
    const trimmedVersion = await this.#store.trimmedVersion(actorId)
    if (trimmedVersion > 0) {
      const isCovered = kept !== undefined && kept.version >= trimmedVersion
      if (!isCovered) yield { kind: 'trimmed-history', actorId, trimmedVersion }
      yield* this.#foldRest(actorId, model, isCovered ? kept : undefined)
      return
    }
    const fold = new FoldCheck(model)
    const old = this.#against.get(model.type)
    const before = old && new FoldCheck(old)
    const resumed = new ResumedFold(model, kept)
    for await (const event of this.#store.read(actorId, { onMalformed: 'collect' })) {
      if (event instanceof MalformedEventError) {
        // Following the log tells of it.
        for (const each of [fold, before]) each?.stop()
        continue
      }
      const finding = this.#take(fold, event)
      if (finding) yield finding
      before?.take(event)
      const wrong = resumed.take(event, fold.current)
      if (wrong) yield wrong
    }
    const changed = before && changedState(actorId, before, fold)
    if (changed) yield changed
  }

  /** Of an actor whose first events were removed, only what stands behind its kept state can be folded. */
  async *#foldRest(
    actorId: ActorId,
    model: ActorModel,
    kept: ActorState | undefined,
  ): AsyncGenerator<Finding, void> {
    const unfolded = new FoldCheck(model)
    unfolded.stop()
    const fold = kept ? new FoldCheck(model, kept) : unfolded
    const old = this.#against.get(model.type)
    const before = kept && old?.shape === model.shape ? new FoldCheck(old, kept) : undefined
    for await (const event of this.#store.read(actorId, { onMalformed: 'collect' })) {
      if (event instanceof MalformedEventError) {
        for (const each of [fold, before]) each?.stop()
        continue
      }
      const isBehind = kept !== undefined && event.version > kept.version
      const finding = this.#take(isBehind ? fold : unfolded, event)
      if (finding) yield finding
      if (isBehind) before?.take(event)
    }
    const changed = before && changedState(actorId, before, fold)
    if (changed) yield changed
  }

  #take(fold: FoldCheck, event: StoredEvent): Finding | undefined {
    if (fold.knows(event.type)) return fold.take(event)
    fold.stop()
    const { type } = parseActorId(event.actorId)
    const types = this.#unknownEvents.get(type) ?? new Map<string, Strangers>()
    this.#unknownEvents.set(type, types)
    count(types, event.type, event)
    return undefined
  }
}

/** Goes on from a kept state as a live actor would, beside the fold of all events. */
class ResumedFold {
  readonly #kept: ActorState | undefined
  #fold: FoldCheck | undefined

  constructor(model: ActorModel, kept: ActorState | undefined) {
    this.#kept = kept
    this.#fold = kept && new FoldCheck(model, kept)
  }

  /** What is wrong with the kept state, seen from behind this event; told once. */
  take(event: StoredEvent, all: ActorState | undefined): Finding | undefined {
    if (!this.#kept || !this.#fold || event.version < this.#kept.version) return undefined
    const failure = event.version > this.#kept.version ? this.#fold.take(event) : undefined
    // Where all events can't be folded either, the fault is not the snapshot's.
    const isWrong = all && (failure || !isSame(this.#fold.current?.state, all.state))
    if (!all || isWrong) this.#fold = undefined
    if (!isWrong) return undefined
    const { actorId, version } = event
    const why =
      version === this.#kept.version
        ? 'it is another state than its events give'
        : `going on from it gives another state at version ${version} than all events`
    return { kind: 'wrong-snapshot', actorId, version: this.#kept.version, why }
  }
}

function changedState(actorId: ActorId, before: FoldCheck, after: FoldCheck): Finding | undefined {
  if (!before.current || !after.current) return undefined
  const { version } = after.current
  const [was, is] = [toJson(before.current.state), toJson(after.current.state)]
  if (isDeepStrictEqual(was, is)) return undefined
  return { kind: 'changed-state', actorId, version, before: was, after: is }
}

function unreadable({ actorId, position, cause }: MalformedEventError): Finding {
  return { kind: 'unreadable-event', actorId, position, why: messageOf(cause) }
}

function count(counts: Map<string, Strangers>, name: string, { position }: StoredEvent): void {
  const strangers = counts.get(name)
  if (strangers) strangers.events++
  else counts.set(name, { events: 1, firstPosition: position })
}

function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(a === undefined ? a : toJson(a), b === undefined ? b : toJson(b))
}

function modelsOf(definitions: readonly ActorDefinition[]): ReadonlyMap<string, ActorModel> {
  return new Map(definitions.map(({ type, model }) => [type, model]))
}
