import { type Clock, type Logger, MalformedEventError } from '../../core/index.ts'
import type {
  EventStore,
  LogEntry,
  Progress,
  ProjectionBuild,
  ProjectionTarget,
} from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { failedEvent, ownerOf } from '../progress/failed-event.ts'
import { dueNow, type HeldActor } from '../progress/held-actor.ts'
import { markOf } from '../progress/log-mark.ts'
import type { OwnedParts } from '../progress/owned-parts.ts'
import { changeTo, holding, type PartState, releasing } from '../progress/part-progress.ts'
import { backlogOf } from './actor-backlog.ts'
import type { EventIntake, Todo } from './event-intake.ts'
import { FailingEvents } from './failing-events.ts'
import { type HandlerFailure, HandlerRun } from './handler-run.ts'
import { isOutage } from './outage.ts'
import { type BatchChange, ReaderBatch } from './reader-batch.ts'
import type { ReaderName, ReaderObserver } from './reader-observer.ts'

export interface BatchSurroundings {
  readonly store: EventStore
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: ReaderObserver
  readonly model: ReaderModel
  readonly target: ProjectionTarget
  readonly build: ProjectionBuild
  readonly name: ReaderName
  readonly intake: EventIntake
  readonly ending: AbortSignal
}

/** Another member has changed the progress: it has to be read again. */
export class Overtaken extends Error {}

/**
 * Has events handled and stores what that led to, with how far it is, or holds back the actors whose
 * events fail.
 */
export class BatchWork {
  readonly #around: BatchSurroundings
  readonly #failing: FailingEvents
  /** What is being stored. */
  #run: HandlerRun | undefined

  constructor(around: BatchSurroundings) {
    this.#around = around
    this.#failing = new FailingEvents(around)
  }

  /** What is waited for: the handling of an event, or else the target. */
  get underWay(): readonly (Todo | HandlerRun)[] {
    return this.#run ? [this.#run.waiting ?? this.#run] : []
  }

  /**
   * Handles a stretch of the log. Where an event fails, nothing is stored: what comes before it is handled
   * again and stored, and then what comes behind it, without its actor.
   * @throws Overtaken; AetherError `reader-stopped`; what isn't the fault of any event
   */
  async handle(parts: OwnedParts, entries: readonly LogEntry[]): Promise<void> {
    const mark = markOf(entries)
    if (mark) parts.mark(mark)
    const batch = this.#plan(parts, entries)
    for (;;) {
      const run = this.#runOf(batch.todos)
      const changes = batch.changes()
      for (const { index, state } of changes) this.#failing.checkRoom(index, state.held)
      try {
        if (changes.length > 0) await this.#commit(parts, changes, run)
        for (const held of batch.heldBack) this.#failing.tell(held)
        if (batch.advance()) break
      } catch (error) {
        const { todo, index, cause } = this.#blameOf(run, error)
        batch.cutBefore(index)
        batch.holdBack(
          todo.part,
          this.#failing.heldAfter(failedEvent(todo.stored), cause, undefined),
        )
      }
    }
    parts.passTo(batch.last)
  }

  /** Handles what was held back of an actor, up to where its part is by now. */
  async retry(parts: OwnedParts, index: number, actor: HeldActor): Promise<void> {
    const progress = parts.get(index)
    if (!progress) return
    const { observer, clock, name } = this.#around
    const { state: before } = progress
    const backlog = await backlogOf(actor, before.position, this.#around)
    const { next } = backlog
    let { todos, trouble } = backlog
    for (;;) {
      const run = this.#runOf(todos)
      const held = trouble && this.#failing.heldAfter(trouble.failed, trouble.cause, actor)
      let state: PartState
      if (held) state = holding(before, held)
      else if (next)
        state = holding(before, { ...dueNow(actor, clock.now()), ...next, isUntried: true })
      else state = releasing(before, actor.actorId)
      try {
        await this.#commit(parts, [{ index, state, change: changeTo(progress, state) }], run)
        if (held) this.#failing.tell(held)
        if (!trouble && !next) observer.released?.(name, actor)
        return
      } catch (error) {
        const { todo, cause } = this.#blameOf(run, error)
        trouble = { failed: failedEvent(todo.stored), cause }
        todos = todos.slice(0, run.failure?.index)
      }
    }
  }

  /** Stores how far it is where nothing had to be done about the events. */
  async save(parts: OwnedParts): Promise<void> {
    const changes = parts.all
      .filter(({ state, storedPosition }) => state.position > storedPosition)
      .map((part) => {
        const change = changeTo(part, part.state)
        return { index: Number(part.part), state: part.state, change }
      })
    if (changes.length > 0) await this.#commit(parts, changes, this.#runOf([]))
  }

  #plan(parts: OwnedParts, entries: readonly LogEntry[]): ReaderBatch {
    const { intake } = this.#around
    const last = entries.at(-1) as LogEntry
    const end = last instanceof MalformedEventError ? last.lastPosition : last.position
    const batch = new ReaderBatch(parts, end)
    for (const entry of entries) {
      const concerned = intake.concerned(ownerOf(entry))
      if (!concerned) continue
      const { actorId, part } = concerned
      const progress = parts.get(part)
      if (!progress || entry.position <= progress.state.position) continue
      const { held } = batch.stateOf(progress, part)
      if (held.size > 0 && held.has(actorId)) continue
      try {
        if (entry instanceof MalformedEventError) throw entry
        const todo = intake.read(entry)
        if (todo) batch.add(todo)
      } catch (error) {
        batch.holdBack(part, this.#failing.heldAfter(failedEvent(entry), error, undefined))
      }
    }
    return batch
  }

  #runOf(todos: readonly Todo[]): HandlerRun {
    const { name: reader, observer, ending: signal } = this.#around
    const { name, build } = reader
    return new HandlerRun(todos, { name, build, signal }, { reader, observer })
  }

  async #commit(
    parts: OwnedParts,
    changes: readonly BatchChange[],
    run: HandlerRun,
  ): Promise<void> {
    const { observer, name } = this.#around
    const stored = await this.#store(changes, run)
    if (!stored) throw new Overtaken()
    for (const { index, state, change } of changes) {
      const progress = stored.find(({ part }) => part === change.part)
      if (progress) parts.stored(index, progress, state)
    }
    const { newest } = run
    if (!newest) return
    this.#failing.clear()
    run.end()
    observer.handled?.(name, run.handled, newest)
  }

  async #store(
    changes: readonly BatchChange[],
    run: HandlerRun,
  ): Promise<readonly Progress[] | undefined> {
    const { target, build } = this.#around
    const parts = changes.map(({ change }) => change)
    this.#run = run
    try {
      return await target.commit(build, parts, run.write)
    } finally {
      this.#run = undefined
    }
  }

  /**
   * Which event made it fail, however many do: a target says of itself that it is away. Throws on what isn't
   * the fault of any.
   */
  #blameOf(run: HandlerRun, error: unknown): HandlerFailure {
    const { failure } = run
    if (!failure || isOutage(failure.cause)) throw error
    if (run.handled > 0) this.#failing.clear()
    return failure
  }
}
