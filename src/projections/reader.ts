import {
  type ActorId,
  AetherError,
  type Clock,
  isAetherError,
  type Logger,
  MalformedEventError,
  messageOf,
} from '../core/index.ts'
import type { EventStore, LogEntry, ProjectionBuild, ProjectionTarget } from '../store/index.ts'
import { Bell } from './bell.ts'
import { EventIntake, type Todo } from './event-intake.ts'
import { HandlerRun } from './handler-run.ts'
import { dueNow, type FailedEvent, type HeldActor, holdBack } from './held-actor.ts'
import { OwnedParts } from './owned-parts.ts'
import type { PartOwnership } from './part-ownership.ts'
import { changeTo, holding, type PartState, releasing } from './part-progress.ts'
import { partOf } from './part.ts'
import { type BatchChange, ReaderBatch } from './reader-batch.ts'
import type { ReaderModel } from './reader-model.ts'
import type { ReaderName, ReaderObserver } from './reader-observer.ts'
import { pauseAfter } from './reader-options.ts'

/** What a reader works with. */
export interface ReaderSurroundings {
  readonly store: EventStore
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: ReaderObserver
  /** Is told whenever the reader has got on, or its state has changed. */
  readonly onProgress: () => void
}

/** Whether a reader works, and how. */
export type ReaderState = 'catching-up' | 'live' | 'failed'

/** How long progress without effects may wait before it is stored. */
const lazyProgressMs = 1_000
/** From how many actors on, whose events fail one after the other, it is not their fault. */
const outageActors = 10
/** The first pause after something other than a handler failed. */
const firstPauseMs = 200

/** Another member has changed the progress: it has to be read again. */
class Overtaken extends Error {}

/**
 * One build of a reader on this node: reads the log and hands its events to handlers, in batches, each
 * of which is stored together with how far it is. What it knows is worth nothing as soon as another
 * member was faster: it reads the progress again then.
 */
export class Reader implements AsyncDisposable {
  readonly build: ProjectionBuild
  readonly #model: ReaderModel
  readonly #target: ProjectionTarget
  readonly #ownership: PartOwnership
  readonly #around: ReaderSurroundings
  readonly #intake: EventIntake
  readonly #name: ReaderName
  readonly #ending = new AbortController()
  readonly #bell: Bell
  readonly #running: Promise<void>
  /** Actors whose events failed, one after the other, since a handler succeeded last. */
  readonly #failing = new Set<ActorId>()
  #parts: OwnedParts | undefined
  #mustReload = false
  #state: ReaderState = 'catching-up'
  #error: unknown
  #failures = 0
  #lastSaved = -Infinity

  constructor(
    model: ReaderModel,
    build: ProjectionBuild,
    parts: { readonly target: ProjectionTarget; readonly ownership: PartOwnership },
    around: ReaderSurroundings,
  ) {
    this.build = build
    this.#model = model
    this.#target = parts.target
    this.#ownership = parts.ownership
    this.#around = around
    this.#intake = new EventIntake(model.actors)
    this.#name = { kind: model.kind, name: model.name, build: build.build }
    this.#bell = new Bell(around.clock, this.#ending.signal)
    this.#running = this.#run()
  }

  get state(): ReaderState {
    return this.#state
  }

  /** Why it failed, as long as it does. */
  get error(): unknown {
    return this.#error
  }

  /** The parts that are this member's, as far as they are by now; undefined before they were read. */
  get parts(): OwnedParts | undefined {
    return this.#parts
  }

  /** Somebody has changed the progress, or may have. */
  reload(): void {
    this.#mustReload = true
    this.#bell.ring()
  }

  /** Ends after the batch under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new AetherError('closed', `${this.#model.name} was stopped`))
    await this.#running
    this.#bell[Symbol.dispose]()
  }

  get #isEnding(): boolean {
    return this.#ending.signal.aborted
  }

  async #run(): Promise<void> {
    using _changes = this.#ownership.onChange(() => this.reload())
    while (!this.#isEnding) {
      try {
        await this.#follow()
      } catch (error) {
        if (this.#isEnding) return
        if (!(error instanceof Overtaken)) await this.#rest(error)
      }
    }
  }

  /** Whatever fails is tried again for ever, and never in silence. */
  async #rest(error: unknown): Promise<void> {
    const { logger, clock, observer } = this.#around
    this.#failures++
    if (this.#state !== 'failed') {
      const { kind, name } = this.#name
      logger.error({ ...this.#name }, `the ${kind} ${name} can't go on: ${messageOf(error)}`)
      observer.failed?.(this.#name, error)
    }
    this.#setState('failed', error)
    const until = clock.monotonic() + pauseAfter(this.#failures, firstPauseMs)
    for (let ms = until - clock.monotonic(); ms > 0; ms = until - clock.monotonic()) {
      await this.#bell.wait(ms)
      if (this.#isEnding || this.#mustReload) return
    }
  }

  #setState(state: ReaderState, error?: unknown): void {
    this.#state = state
    this.#error = error
    this.#around.onProgress()
  }

  /** Works until the progress has to be read again. */
  async #follow(): Promise<void> {
    const { store } = this.#around
    await this.#target.prepare(this.build)
    this.#mustReload = false
    const parts = await this.#load()
    await using _watch = await store.watch(this.#bell.ring)
    while (!this.#mustReload && !this.#isEnding) {
      if (parts.all.length > 0) await this.#round(parts)
      if (this.#mustReload) return
      await this.#retryDue(parts)
      this.#settle()
      await this.#bell.wait(this.#restMs(parts))
      await this.#saveLazily(parts)
    }
  }

  async #load(): Promise<OwnedParts> {
    const stored = await this.#target.load(this.build)
    const { owned } = this.#ownership
    const isNew = stored.length === 0 && this.#model.origin === 'end'
    const signal = this.#ending.signal
    const origin = isNew ? await this.#around.store.lastPosition({ signal }) : 0
    this.#parts = new OwnedParts(stored, owned, origin)
    return this.#parts
  }

  #settle(): void {
    if (this.#state === 'live') return
    if (this.#failures > 0) {
      this.#around.logger.info(
        { ...this.#name },
        `the ${this.#name.kind} ${this.#name.name} goes on`,
      )
      this.#around.observer.recovered?.(this.#name)
    }
    this.#failures = 0
    this.#setState('live')
  }

  /** Reads the log from the part that is least far to its end, as it is by now. */
  async #round(parts: OwnedParts): Promise<void> {
    const { store } = this.#around
    const signal = this.#ending.signal
    const filter = { actorTypes: [...this.#model.actors.keys()] }
    // Asked for before it is read: what is read reaches that far.
    const asking = store.lastPosition({ signal })
    asking.catch(() => undefined)
    let pending: LogEntry[] = []
    for await (const entries of store.readBatches({ after: parts.position, filter, signal })) {
      pending = pending.length === 0 ? [...entries] : pending.concat(entries)
      const { batchEvents } = this.#model.options
      while (pending.length >= batchEvents && !this.#isEnding && !this.#mustReload)
        await this.#handle(parts, pending.splice(0, batchEvents))
      if (this.#isEnding || this.#mustReload) return
    }
    if (pending.length > 0) await this.#handle(parts, pending)
    parts.passTo(await asking)
    this.#around.onProgress()
  }

  async #handle(parts: OwnedParts, entries: readonly LogEntry[]): Promise<void> {
    const batch = this.#plan(parts, entries)
    for (;;) {
      const run = this.#runOf(batch.todos)
      const changes = batch.changes()
      try {
        if (changes.length > 0) await this.#commit(parts, changes, run)
        break
      } catch (error) {
        const { todo, cause } = this.#blameOf(run, error)
        batch.holdBack(todo.part, this.#heldAfter(todo.stored, cause, undefined))
        this.#checkRoom(changes)
      }
    }
    parts.passTo(batch.last)
    this.#around.onProgress()
  }

  #plan(parts: OwnedParts, entries: readonly LogEntry[]): ReaderBatch {
    const last = entries.at(-1) as LogEntry
    const batch = new ReaderBatch(parts, endOf(last))
    const count = this.#model.options.parts
    for (const entry of entries) {
      const { actorId } = entry
      if (actorId === undefined || !this.#intake.concerns(actorId)) continue
      const part = partOf(actorId, count)
      const progress = parts.get(part)
      if (!progress || entry.position <= progress.state.position) continue
      const { held } = batch.stateOf(progress, part)
      if (held.size > 0 && held.has(actorId as ActorId)) continue
      try {
        if (entry instanceof MalformedEventError) throw entry
        const todo = this.#intake.read(entry, part)
        if (todo) batch.add(todo)
      } catch (error) {
        const failed = failedEvent(entry, actorId as ActorId)
        batch.holdBack(part, this.#heldAfter(failed, error, undefined))
      }
    }
    return batch
  }

  #runOf(todos: readonly Todo[]): HandlerRun {
    const { name, build } = this.#name
    const { observer } = this.#around
    const context = { name, build, signal: this.#ending.signal }
    return new HandlerRun(todos, context, { reader: this.#name, observer })
  }

  async #commit(
    parts: OwnedParts,
    changes: readonly BatchChange[],
    run: HandlerRun,
  ): Promise<void> {
    const stored = await this.#target.commit(
      this.build,
      changes.map(({ change }) => change),
      run.write,
    )
    if (!stored) throw new Overtaken()
    for (const { index, state, change } of changes) {
      const progress = stored.find(({ part }) => part === change.part)
      if (progress) parts.stored(index, progress, state)
    }
    if (run.handled === 0 || !run.newest) return
    this.#failing.clear()
    run.end()
    this.#around.observer.handled?.(this.#name, run.handled, run.newest)
  }

  /** Which event made it fail; throws on what isn't the fault of any. */
  #blameOf(run: HandlerRun, error: unknown): { readonly todo: Todo; readonly cause: unknown } {
    const { failure } = run
    if (!failure || isOutage(failure.cause)) throw error
    if (run.handled > 0) this.#failing.clear()
    this.#failing.add(failure.todo.stored.actorId)
    if (this.#failing.size < outageActors) return failure
    throw new AetherError(
      'reader-stopped',
      `the events of ${outageActors} actors failed one after the other, the last with: ${messageOf(failure.cause)}`,
      { cause: failure.cause },
    )
  }

  #heldAfter(failed: FailedEvent, cause: unknown, before: HeldActor | undefined): HeldActor {
    const { clock, logger, observer } = this.#around
    const rules = { ...this.#model.options, now: clock.now() }
    const held = holdBack(failed, cause, before, rules)
    const { actorId, position, tries, state } = held
    const what = state === 'parked' ? 'is parked' : 'is held back and tried again'
    const message = `${actorId} ${what} by ${this.#name.kind} ${this.#name.name}: ${held.cause.message}`
    logger.warn({ ...this.#name, actorId, position, tries }, message)
    observer.heldBack?.(this.#name, held)
    return held
  }

  #checkRoom(changes: readonly BatchChange[]): void {
    const { maxParked } = this.#model.options
    if (changes.every(({ state }) => state.held.size < maxParked)) return
    const message = `${maxParked} actors of one part are held back: mend the cause, then retry them`
    throw new AetherError('reader-stopped', message)
  }

  /** When there is something to do, even if nothing happens. */
  #restMs(parts: OwnedParts): number {
    const { clock } = this.#around
    const isDirty = parts.all.some(({ state, storedPosition }) => state.position > storedPosition)
    const save = isDirty ? this.#lastSaved + lazyProgressMs - clock.monotonic() : Infinity
    const due = parts.all.flatMap(({ state }) =>
      [...state.held.values()].flatMap((actor) => (actor.state === 'parked' ? [] : actor.nextTry)),
    )
    return Math.max(1, Math.min(save, ...due.map((time) => time - clock.now())))
  }

  /** How far it is where nothing had to be done about the events. */
  async #saveLazily(parts: OwnedParts): Promise<void> {
    const { clock } = this.#around
    if (clock.monotonic() - this.#lastSaved < lazyProgressMs && !this.#isEnding) return
    const changes = parts.all
      .filter(({ state, storedPosition }) => state.position > storedPosition)
      .map((part) => ({
        index: Number(part.part),
        state: part.state,
        change: changeTo(part, part.state),
      }))
    if (changes.length > 0) await this.#commit(parts, changes, this.#runOf([]))
    this.#lastSaved = clock.monotonic()
  }

  async #retryDue(parts: OwnedParts): Promise<void> {
    const now = this.#around.clock.now()
    for (const { part, state } of parts.all)
      for (const actor of state.held.values()) {
        if (this.#isEnding || this.#mustReload) return
        if (actor.state === 'retrying' && actor.nextTry <= now)
          await this.#retry(parts, Number(part), actor)
      }
  }

  /** Handles what was held back of an actor, up to where its part is by now. */
  async #retry(parts: OwnedParts, index: number, actor: HeldActor): Promise<void> {
    const progress = parts.get(index)
    if (!progress) return
    const { observer, clock } = this.#around
    const backlog = await this.#backlogOf(actor, index, progress.state.position)
    const { next } = backlog
    let { todos, trouble } = backlog
    for (;;) {
      const run = this.#runOf(todos)
      let state: PartState
      if (trouble)
        state = holding(progress.state, this.#heldAfter(trouble.failed, trouble.cause, actor))
      else if (next) state = holding(progress.state, { ...dueNow(actor, clock.now()), ...next })
      else state = releasing(progress.state, actor.actorId)
      try {
        await this.#commit(parts, [{ index, state, change: changeTo(progress, state) }], run)
        if (!trouble && !next) observer.released?.(this.#name, actor)
        return
      } catch (error) {
        const { todo, cause } = this.#blameOf(run, error)
        trouble = { failed: todo.stored, cause }
        todos = todos.slice(0, run.failure?.index)
      }
    }
  }

  async #backlogOf(actor: HeldActor, part: number, upTo: number): Promise<Backlog> {
    const { store } = this.#around
    const todos: Todo[] = []
    const range = { fromVersion: actor.version ?? 1, signal: this.#ending.signal }
    for await (const entry of store.read(actor.actorId, { ...range, onMalformed: 'collect' })) {
      if (entry.position < actor.position) continue
      if (entry.position > upTo) break
      const failed = failedEvent(entry, actor.actorId)
      if (todos.length >= this.#model.options.batchEvents) return { todos, next: placeOf(failed) }
      try {
        if (entry instanceof MalformedEventError) throw entry
        const todo = this.#intake.read(entry, part)
        if (todo) todos.push(todo)
      } catch (cause) {
        return { todos, trouble: { failed, cause } }
      }
    }
    return { todos }
  }
}

/** What was held back of an actor. */
interface Backlog {
  readonly todos: readonly Todo[]
  /** An event that can't be read, behind them. */
  readonly trouble?: { readonly failed: FailedEvent; readonly cause: unknown }
  /** Where more begins. */
  readonly next?: Pick<FailedEvent, 'position' | 'version' | 'type'>
}

function placeOf({ position, version, type }: FailedEvent): NonNullable<Backlog['next']> {
  return {
    position,
    ...(version !== undefined && { version }),
    ...(type !== undefined && { type }),
  }
}

function failedEvent(entry: LogEntry, actorId: ActorId): FailedEvent {
  const { position } = entry
  if (entry instanceof MalformedEventError) return { actorId, position }
  return { actorId, position, version: entry.version, type: entry.type }
}

function endOf(entry: LogEntry): number {
  return entry instanceof MalformedEventError ? entry.lastPosition : entry.position
}

/** Then no event is to blame, and the same may be tried again. */
function isOutage(thrown: unknown): boolean {
  return isAetherError(thrown) && (thrown.code === 'store-unavailable' || thrown.code === 'closed')
}
