import {
  AetherError,
  type ActorId,
  CheckedEvent,
  checkedMetadata,
  type Clock,
  grown,
  type IdSource,
  type JsonValue,
  type Metadata,
  type NewEvent,
  noMetadata,
  type StoredEvent,
  toJson,
} from '../../core/index.ts'
import { checkTime } from './event-time.ts'

/** What is stored at once, checked and complete but for its place in the log. */
export interface Commit {
  readonly id: string
  readonly time: string
  /** At least one, each of another actor. */
  readonly parts: readonly CommitPart[]
}

/** The events of one actor. */
export interface CommitPart {
  readonly actorId: ActorId
  readonly expected: Expectation
  readonly events: readonly CommittedEvent[]
  /**
   * By how much the first event's id is behind the commit's, where all of them count on from there: then
   * they are known by the commit's (`uuidsBehind`).
   */
  readonly idsFrom?: number | undefined
}

/** The version that the writer believes the actor to be at; 0: it must not exist yet. */
export type ExpectedVersion = number | 'any'

/**
 * Where the actor must stand: at a version, anywhere, or below the version that its first event is
 * to have, perhaps exactly `at` one.
 */
export type Expectation = ExpectedVersion | { readonly below: number; readonly at?: number }

export interface CommittedEvent {
  readonly id: string
  readonly type: string
  /** Where it isn't the time of the commit. */
  readonly time?: string
  readonly data: JsonValue
  readonly metadata: Metadata
}

export interface CommitContext {
  readonly clock: Clock
  /** For events. */
  readonly ids: IdSource
  /** For commits. @default `ids` is a series, and a commit's comes before those of its events */
  readonly commitIds?: IdSource | undefined
  /** @default 1,000 */
  readonly maxEventsPerAppend: number
}

/** What the caller offers for one actor. */
export interface OfferedPart {
  readonly actorId: ActorId
  readonly expected: Expectation
  readonly events: readonly OfferedEvent[]
}

/** A time is kept only where the versions are given as well. */
export type OfferedEvent = NewEvent & { readonly time?: string }

/**
 * Checks the events and fills in ids and time.
 * @throws AetherError `invalid-argument`, `invalid-json`, `too-large`
 */
export function makeCommit(
  offered: readonly OfferedPart[],
  { clock, ids, commitIds, maxEventsPerAppend }: CommitContext,
): Commit {
  checkParts(offered, maxEventsPerAppend)
  const time = sharedTime(offered) ?? timeText(clock.now())
  const id = commitIds ? commitIds() : ids()
  let parts: CommitPart[] | undefined
  let made = 0
  for (const part of offered) {
    const unnamed = unnamedIn(part.events)
    const idsFrom = !commitIds && unnamed === part.events.length ? made + 1 : undefined
    parts = grown(parts, completePart(part, ids, time, idsFrom))
    made += unnamed
  }
  return { id, time, parts: parts ?? [] }
}

function unnamedIn(events: readonly OfferedEvent[]): number {
  let count = 0
  for (const { id } of events) if (id === undefined) count++
  return count
}

function completePart(
  { actorId, expected, events }: OfferedPart,
  ids: IdSource,
  time: string,
  idsFrom: number | undefined,
): CommitPart {
  let completed: CommittedEvent[] | undefined
  for (const event of events)
    completed = grown(completed, complete(event, ids, ownTime(event, expected, time)))
  return { actorId, expected, events: completed ?? [], idsFrom }
}

/** What the events bring along, if all do: most share one, which need not be stored with each. */
function sharedTime(offered: readonly OfferedPart[]): string | undefined {
  const first = offered[0]?.events[0]?.time
  const areGiven =
    first !== undefined &&
    offered.every(
      ({ expected, events }) =>
        typeof expected === 'object' && events.every(({ time }) => time !== undefined),
    )
  return areGiven ? first : undefined
}

let newest = { ms: NaN, text: '' }

/** Many commits share a millisecond, and spelling one takes longer than all else about it. */
function timeText(ms: number): string {
  if (ms !== newest.ms) newest = { ms, text: new Date(ms).toISOString() }
  return newest.text
}

/** Whether an actor at this version is where the part expects it. */
export function isMet({ expected }: CommitPart, currentVersion: number): boolean {
  if (expected === 'any') return true
  const exact = typeof expected === 'number' ? expected : expected.at
  if (exact !== undefined) return exact === currentVersion
  return typeof expected === 'object' && currentVersion < expected.below
}

/** The version that the first event of the part gets behind this one. */
export function firstVersionOf({ expected }: CommitPart, currentVersion: number): number {
  return typeof expected === 'object' ? expected.below : currentVersion + 1
}

/** The events as they stand in the log once the part is stored. */
export function placePart(
  { time }: Commit,
  { actorId, events }: CommitPart,
  firstVersion: number,
  positionOf: (index: number) => number,
): StoredEvent[] {
  let placed: StoredEvent[] | undefined
  let index = 0
  for (const event of events) {
    placed = grown(placed, {
      id: event.id,
      actorId,
      type: event.type,
      version: firstVersion + index,
      position: positionOf(index),
      time: event.time ?? time,
      data: event.data,
      metadata: event.metadata,
    })
    index++
  }
  return placed ?? []
}

function checkParts(offered: readonly OfferedPart[], maxEvents: number): void {
  if (offered.length === 0) throw new AetherError('invalid-argument', 'a commit needs an append')
  if (offered.length > 1) checkActors(offered)
  let count = 0
  for (const { actorId, events } of offered) {
    if (events.length === 0) {
      throw new AetherError('invalid-argument', `an append to ${actorId} needs at least one event`)
    }
    checkIds(actorId, events)
    count += events.length
  }
  if (count <= maxEvents) return
  const names = offered.slice(0, 3).map(({ actorId }) => actorId)
  throw new AetherError(
    'too-large',
    `${count} events in one append to ${names.join(', ')}: at most ${maxEvents}`,
  )
}

function checkActors(offered: readonly OfferedPart[]): void {
  const actors = new Set<ActorId>()
  for (const { actorId } of offered) {
    if (actors.has(actorId)) {
      throw new AetherError(
        'invalid-argument',
        `a commit names ${actorId} twice: put its events together`,
      )
    }
    actors.add(actorId)
  }
}

function checkIds(actorId: ActorId, events: readonly NewEvent[]): void {
  if (events.length === 1) return
  const ids = events.flatMap(({ id }) => id ?? [])
  if (new Set(ids).size === ids.length) return
  throw new AetherError('invalid-argument', `an append to ${actorId} gives two events the same id`)
}

/** The time of the event, where it isn't that of the commit. */
function ownTime(
  { time }: OfferedEvent,
  expected: Expectation,
  ofCommit: string,
): string | undefined {
  if (time === undefined || typeof expected !== 'object') return undefined
  checkTime(time)
  return time === ofCommit ? undefined : time
}

function complete(event: OfferedEvent, ids: IdSource, time: string | undefined): CommittedEvent {
  checkText('type', event.type)
  if (event.id !== undefined) checkText('id', event.id)
  const { type, data, metadata } = contentOf(event)
  const committed = { id: event.id ?? ids(), type, data, metadata }
  return time === undefined ? committed : { ...committed, time }
}

/** Nobody can change it while it is being stored, nor later. */
function contentOf(event: NewEvent): Pick<CommittedEvent, 'type' | 'data' | 'metadata'> {
  if (CheckedEvent.is(event)) return event
  const { type, metadata = noMetadata } = event
  return { type, metadata: checkedMetadata(metadata), data: toJson(event.data) }
}

function checkText(what: 'id' | 'type', text: string): void {
  const isText = typeof text === 'string' && text !== '' && text.length <= 200
  // Half a character would be stored as another one.
  if (isText && text.isWellFormed()) return
  throw new AetherError(
    'invalid-argument',
    `the ${what} of an event must be 1 to 200 characters of Unicode text`,
  )
}
