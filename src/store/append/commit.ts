import {
  AetherError,
  type ActorId,
  CheckedEvent,
  checkedMetadata,
  type Clock,
  type EventContent,
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
  /** Each of another actor, and at least one of them with events. */
  readonly parts: readonly CommitPart[]
  /**
   * Whether the caller named all of its events: only then it can be recognised when it comes again.
   * @default it isn't known
   */
  readonly isNamed?: boolean
}

/** The events of one actor; without any it's a guard: it stores nothing, and only demands where the actor stands. */
export interface CommitPart {
  readonly actorId: ActorId
  /** That of a guard is a version. */
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

/** A {@link CommitPart} to be. */
interface TakenPart extends Omit<OfferedPart, 'events'> {
  events: readonly TakenEvent[]
  idsFrom: number | undefined
}

/** A {@link CommittedEvent} to be: its time is given, and its id perhaps made. */
type TakenEvent = Omit<CommittedEvent, 'id'> & { id: string | undefined }

/**
 * Checks the events and fills in ids and time. All that the caller gave is looked at once, and before any id is
 * made: it may be a getter or a proxy, which gives something else the next time, or stores something itself.
 * @throws AetherError `invalid-argument`, `invalid-json`, `too-large`
 */
export function makeCommit(
  offered: readonly OfferedPart[],
  { clock, ids, commitIds, maxEventsPerAppend }: CommitContext,
): Commit {
  checkParts(offered, maxEventsPerAppend)
  let taken: TakenPart[] | undefined
  for (const part of offered) taken = grown(taken, takenPart(part))
  checkGuards(taken)
  const time = sharedTime(taken ?? []) ?? timeText(clock.now())
  const id = commitIds ? commitIds() : ids()
  let made = 0
  for (const part of taken ?? []) {
    const { events, expected } = part
    const unnamed = nameUnnamed(events, ids)
    if (!commitIds && unnamed === events.length) part.idsFrom = made + 1
    made += unnamed
    if (typeof expected === 'object') part.events = events.map((event) => ownTimed(event, time))
  }
  return { id, time, parts: (taken ?? []) as readonly CommitPart[], isNamed: made === 0 }
}

function takenPart({ actorId, expected, events }: OfferedPart): TakenPart {
  let taken: TakenEvent[] | undefined
  for (const event of events) taken = grown(taken, takenEvent(event, expected))
  if (taken && taken.length > 1) checkIds(actorId, taken)
  return { actorId, expected, events: taken ?? [], idsFrom: undefined }
}

/** Parts may go without events beside others that have some, to demand a version. */
function checkGuards(taken: readonly TakenPart[] = []): void {
  let withEvents = 0
  for (const part of taken) if (part.events.length > 0) withEvents++
  if (withEvents === taken.length) return
  const wrong = withEvents === 0 ? taken[0] : taken.find(demandsNothing)
  if (!wrong) return
  const message = `an append to ${wrong.actorId} needs at least one event, or, beside others with events, a version to demand`
  throw new AetherError('invalid-argument', message)
}

function demandsNothing({ events, expected }: TakenPart): boolean {
  return events.length === 0 && typeof expected !== 'number'
}

/** Makes the ids that are missing, and tells how many. */
function nameUnnamed(events: readonly TakenEvent[], ids: IdSource): number {
  let made = 0
  for (const event of events) {
    if (event.id !== undefined) continue
    event.id = ids()
    made++
  }
  return made
}

/** Where its time is that of the commit, it has none of its own. */
function ownTimed(event: TakenEvent, ofCommit: string): TakenEvent {
  if (event.time !== ofCommit) return event
  const { id, type, data, metadata } = event
  return { id, type, data, metadata }
}

/** What the events bring along, if all do: most share one, which need not be stored with each. */
function sharedTime(taken: readonly TakenPart[]): string | undefined {
  const first = taken[0]?.events[0]?.time
  if (first === undefined) return undefined
  const areGiven = taken.every(({ events }) => events.every(({ time }) => time !== undefined))
  return areGiven ? first : undefined
}

let newest = { ms: NaN, text: '' }

/** Many commits share a millisecond, and spelling one takes longer than all else about it. */
function timeText(ms: number): string {
  if (ms !== newest.ms) newest = { ms, text: new Date(ms).toISOString() }
  return newest.text
}

/** Whether the part only demands where its actor stands. */
export function isGuard({ events }: CommitPart): boolean {
  return events.length === 0
}

/** Whether an actor at this version is where the part expects it. */
export function isMet({ expected }: CommitPart, currentVersion: number): boolean {
  if (expected === 'any') return true
  const exact = typeof expected === 'number' ? expected : expected.at
  if (exact !== undefined) return exact === currentVersion
  return typeof expected === 'object' && currentVersion < expected.below
}

/**
 * The version that the first event of the part gets behind this one.
 * @throws AetherError `too-large` where its last one would be none that a number can tell from the next
 */
export function firstVersionOf(
  { actorId, expected, events }: CommitPart,
  currentVersion: number,
): number {
  const first = typeof expected === 'object' ? expected.below : currentVersion + 1
  if (first <= Number.MAX_SAFE_INTEGER - events.length + 1) return first
  throw new AetherError(
    'too-large',
    `${actorId} is at version ${currentVersion}, and there is none beyond ${Number.MAX_SAFE_INTEGER}`,
  )
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
  for (const { events } of offered) count += events.length
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

function checkIds(actorId: ActorId, events: readonly TakenEvent[]): void {
  const ids = events.flatMap(({ id }) => id ?? [])
  if (new Set(ids).size === ids.length) return
  throw new AetherError('invalid-argument', `an append to ${actorId} gives two events the same id`)
}

function takenEvent(event: OfferedEvent, expected: Expectation): TakenEvent {
  const { id } = event
  if (id !== undefined) checkText('id', id)
  const { type, data, metadata } = contentOf(event)
  const time = typeof expected === 'object' ? event.time : undefined
  if (time === undefined) return { id, type, data, metadata }
  checkTime(time)
  return { id, type, data, metadata, time }
}

/** Nobody can change it while it is being stored, nor later. */
function contentOf(event: NewEvent): EventContent {
  const checked = CheckedEvent.contentOf(event)
  if (checked) {
    checkText('type', checked.type)
    return checked
  }
  const { type, data, metadata = noMetadata } = event
  checkText('type', type)
  return { type, metadata: checkedMetadata(metadata), data: toJson(data) }
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
