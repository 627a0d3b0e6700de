import {
  AetherError,
  type ActorId,
  checkMetadata,
  type Clock,
  type IdSource,
  type JsonValue,
  type Metadata,
  type NewEvent,
  noMetadata,
  type StoredEvent,
  toJson,
} from '../core/index.ts'

/** The events of one append, checked and complete but for their place in the log. */
export interface Commit {
  readonly id: string
  readonly actorId: ActorId
  readonly time: string
  readonly events: readonly CommittedEvent[]
  /** True where the caller named the events, so that a repeat can be recognised. */
  readonly isRepeatable: boolean
}

export interface CommittedEvent {
  readonly id: string
  readonly type: string
  readonly data: JsonValue
  readonly metadata: Metadata
}

export interface CommitContext {
  readonly clock: Clock
  readonly ids: IdSource
  /** @default 1,000 */
  readonly maxEventsPerAppend: number
}

/**
 * Checks the events and fills in ids and time.
 * @throws AetherError `invalid-argument`, `invalid-json`, `too-large`
 */
export function makeCommit(
  actorId: ActorId,
  events: readonly NewEvent[],
  { clock, ids, maxEventsPerAppend }: CommitContext,
): Commit {
  if (events.length === 0) {
    throw new AetherError('invalid-argument', `an append to ${actorId} needs at least one event`)
  }
  if (events.length > maxEventsPerAppend) {
    throw new AetherError(
      'too-large',
      `${events.length} events in one append to ${actorId}: at most ${maxEventsPerAppend}`,
    )
  }
  return {
    id: ids(),
    actorId,
    time: new Date(clock.now()).toISOString(),
    events: events.map((event) => complete(event, ids)),
    isRepeatable: events.every((event) => event.id !== undefined),
  }
}

/** The events as they stand in the log once the commit is stored. */
export function placeCommit(
  commit: Commit,
  firstVersion: number,
  positionOf: (index: number) => number,
): StoredEvent[] {
  return commit.events.map((event, index) => ({
    id: event.id,
    actorId: commit.actorId,
    type: event.type,
    version: firstVersion + index,
    position: positionOf(index),
    time: commit.time,
    data: event.data,
    metadata: event.metadata,
  }))
}

function complete(event: NewEvent, ids: IdSource): CommittedEvent {
  checkText('type', event.type)
  if (event.id !== undefined) checkText('id', event.id)
  const metadata = event.metadata ?? noMetadata
  checkMetadata(metadata)
  return { id: event.id ?? ids(), type: event.type, data: toJson(event.data), metadata }
}

function checkText(what: 'id' | 'type', text: string): void {
  if (typeof text === 'string' && text !== '' && text.length <= 200) return
  throw new AetherError(
    'invalid-argument',
    `the ${what} of an event must be 1 to 200 characters of text`,
  )
}
