import {
  AetherError,
  type ActorId,
  MalformedEventError,
  type StoredEvent,
} from '../../core/index.ts'
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

/** An event that was held back, or why it can't be had. */
export type HeldEntry = { readonly place: FailedEvent } & (
  { readonly event: StoredEvent } | { readonly event?: undefined; readonly cause: AetherError }
)

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
    const { place } = entry
    if (place.position > upTo) break
    if (todos.length >= model.options.batchEvents) return { todos, next: place }
    try {
      if (!entry.event) throw entry.cause
      const todo = intake.read(entry.event)
      if (todo) todos.push(todo)
    } catch (cause) {
      return { todos, trouble: { failed: place, cause } }
    }
  }
  return { todos }
}

/**
 * The events of an actor from the one on that failed. Those that were removed meanwhile are one entry in
 * their place: nobody passes over what was never handled without a word.
 */
export async function* heldEntries(
  actor: HeldActor,
  store: EventStore,
  signal: AbortSignal,
): AsyncGenerator<HeldEntry, void> {
  let isFirst = true
  for await (const entry of entriesOf(actor, store, signal)) {
    const gap = isFirst ? await gapBefore(entry, actor, store, signal) : undefined
    if (gap) yield gap
    isFirst = false
    if (entry.position < actor.position) continue
    const place = failedEvent(entry)
    yield entry instanceof MalformedEventError ? { place, cause: entry } : { place, event: entry }
  }
}

function entriesOf(
  { actorId, position, version = 1 }: HeldActor,
  store: EventStore,
  signal: AbortSignal,
): AsyncIterable<LogEntry> {
  if (isOfNobody(actorId))
    return store.readAll({ after: position - 1, limit: 1, onMalformed: 'collect', signal })
  return store.read(actorId, { fromVersion: version, onMalformed: 'collect', signal })
}

/** What was removed of what is held back: from the oldest on, so it is missing before the first that is there. */
async function gapBefore(
  first: LogEntry,
  { actorId, position, version }: HeldActor,
  store: EventStore,
  signal: AbortSignal,
): Promise<HeldEntry | undefined> {
  if (first.position <= position || isOfNobody(actorId)) return undefined
  const isNext = !(first instanceof MalformedEventError) && first.version === version
  if (isNext) return undefined
  const trimmed = await store.trimmedVersion(actorId, { signal })
  // Versions may be left out; and nobody can tell the version of what could not be read.
  if (trimmed < (version ?? 1)) return undefined
  const place = { actorId, position, lastPosition: first.position - 1, version: trimmed }
  return { place, cause: removed(actorId, trimmed) }
}

function removed(actorId: ActorId, version: number): AetherError {
  const message = `what is held back of ${actorId} was removed from the log, up to its version ${version}: skip it, and what is left is handled`
  return new AetherError('history-trimmed', message)
}
