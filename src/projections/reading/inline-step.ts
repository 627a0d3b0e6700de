import { AetherError, MalformedEventError, messageOf } from '../../core/index.ts'
import type {
  InlineStep,
  InlineTarget,
  LogEntry,
  ProjectionBuild,
  ProjectionTarget,
  StoreTransaction,
} from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { ownerOf } from '../progress/failed-event.ts'
import { OwnedParts } from '../progress/owned-parts.ts'
import { changeTo } from '../progress/part-progress.ts'
import { partNames } from '../progress/part.ts'
import type { EventIntake, Todo } from './event-intake.ts'
import { HandlerRun } from './handler-run.ts'
import { isOutage } from './outage.ts'
import { type BatchChange, ReaderBatch } from './reader-batch.ts'
import type { ReaderName, ReaderObserver } from './reader-observer.ts'

/** What a reader inside the transactions of the store works with. */
interface InlineReader {
  readonly model: ReaderModel
  readonly build: ProjectionBuild
  readonly name: ReaderName
  readonly observer: ReaderObserver
  readonly intake: EventIntake
  readonly signal: AbortSignal
}

/** So far behind, it is the reader beside the transactions that catches up, so that no append waits. */
const maxBehind = 1_000
/** So far behind, a part is stored again of which nothing was handled. */
const maxStale = 100

export function isInline(target: ProjectionTarget): target is InlineTarget {
  return 'attach' in target
}

/**
 * Handles all that is not handled yet, to the end of the log, inside a transaction that stores events. An
 * event of its own that fails is refused. What was stored before can't be: where that fails, it is left to
 * the reader beside the transactions, which holds the actor back.
 */
export function inlineStep(reader: InlineReader): InlineStep<unknown> {
  const { model, build, signal } = reader
  const names = new Set(partNames(model.options.parts))
  const filter = { actorTypes: [...model.actors.keys()] }
  return (within) => {
    const parts = new OwnedParts(within.load(build), names)
    if (parts.all.length === 0 || within.before - parts.position > maxBehind) return
    const todos = todosOf(within.read(parts.position, filter), parts, reader)
    const batch = new ReaderBatch(parts, within.last)
    for (const { todo, refusal, position } of todos) {
      if (todo) batch.add(todo)
      else if (position > within.before) throw refused(model, refusal)
      else return
    }
    const context = { name: model.name, build: build.build, signal }
    const run = new HandlerRun(batch.todos, context, {
      reader: reader.name,
      observer: reader.observer,
    })
    store(within, reader, run, [...batch.changes(), ...staleIn(parts, batch)])
  }
}

interface Read {
  readonly position: number
  readonly todo?: Todo
  readonly refusal?: unknown
}

/** What is to be handled, and what can't be read; nothing of actors that are held back. */
function todosOf(
  entries: readonly LogEntry[],
  parts: OwnedParts,
  { intake }: InlineReader,
): readonly Read[] {
  return entries.flatMap((entry): readonly Read[] => {
    const { position } = entry
    const concerned = intake.concerned(ownerOf(entry))
    if (!concerned) return []
    const state = parts.get(concerned.part)?.state
    if (!state || position <= state.position) return []
    if (state.held.has(concerned.actorId)) return []
    try {
      if (entry instanceof MalformedEventError) throw entry
      const todo = intake.read(entry)
      return todo ? [{ position, todo }] : []
    } catch (refusal) {
      return [{ position, refusal }]
    }
  })
}

function store(
  within: StoreTransaction<unknown>,
  { model, build, name, observer }: InlineReader,
  run: HandlerRun,
  changes: readonly BatchChange[],
): void {
  if (changes.length === 0) return
  try {
    const parts = changes.map(({ change }) => change)
    if (!within.commit(build, parts, run.write) || !run.newest) return
    run.end()
    observer.handled?.(name, run.handled, run.newest)
  } catch (error) {
    const { failure } = run
    if (!failure || isOutage(failure.cause)) throw error
    if (failure.todo.stored.position > within.before)
      throw refused(model, failure.cause, failure.todo)
  }
}

/** Parts that nothing is handled of: they are stored now and then, so that there is little to read. */
function staleIn(parts: OwnedParts, { last, todos }: ReaderBatch): readonly BatchChange[] {
  const touched = new Set(todos.map(({ part }) => part))
  return parts.all.flatMap((progress) => {
    const index = Number(progress.part)
    const { state } = progress
    if (touched.has(index) || last - state.position < maxStale) return []
    const next = { ...state, position: last }
    return [{ index, state: next, change: changeTo(progress, next) }]
  })
}

function refused({ name }: ReaderModel, cause: unknown, todo?: Todo): AetherError {
  const what = todo ? `${todo.event.type} of ${todo.event.actorId}` : 'an event that it cannot read'
  return new AetherError(
    'projection-failed',
    `the inline projection ${name} refused ${what}, so it was not stored: ${messageOf(cause)}`,
    { cause },
  )
}
