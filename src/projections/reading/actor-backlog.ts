import { MalformedEventError } from '../../core/index.ts'
import type { EventStore, LogEntry } from '../../store/index.ts'
import type { ReaderModel } from '../definition/reader-model.ts'
import { type FailedEvent, failedEvent, isOfNobody } from '../progress/failed-event.ts'
import type { HeldActor } from '../progress/held-actor.ts'
import type { EventIntake, Todo } from './event-intake.ts'

/** What was held back of an actor. */
export interface Backlog {
  readonly todos: readonly Todo[]
  /** An event that can't be read, behind them. */
  readonly trouble?: { readonly failed: FailedEvent; readonly cause: unknown }
  /** Where more begins. */
  readonly next?: FailedEvent
}

interface Around {
  readonly store: EventStore
  readonly intake: EventIntake
  readonly model: ReaderModel
  readonly ending: AbortSignal
}

/** Reads the events of an actor from the one on that failed, up to a position: as many as make a batch. */
export async function backlogOf(
  actor: HeldActor,
  upTo: number,
  { store, intake, model, ending }: Around,
): Promise<Backlog> {
  const todos: Todo[] = []
  for await (const entry of heldEntries(actor, store, ending)) {
    if (entry.position < actor.position) continue
    if (entry.position > upTo) break
    if (todos.length >= model.options.batchEvents) return { todos, next: failedEvent(entry) }
    try {
      if (entry instanceof MalformedEventError) throw entry
      const todo = intake.read(entry)
      if (todo) todos.push(todo)
    } catch (cause) {
      return { todos, trouble: { failed: failedEvent(entry), cause } }
    }
  }
  return { todos }
}

/** The events of an actor from the one on that failed, and perhaps some before it. */
export function heldEntries(
  actor: HeldActor,
  store: EventStore,
  signal: AbortSignal,
): AsyncIterable<LogEntry> {
  const { actorId, position, version = 1 } = actor
  if (isOfNobody(actorId))
    return store.readAll({ after: position - 1, limit: 1, onMalformed: 'collect', signal })
  return store.read(actorId, { fromVersion: version, onMalformed: 'collect', signal })
}
