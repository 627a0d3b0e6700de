import {
  type ActorId,
  type JsonValue,
  MalformedEventError,
  type Metadata,
  noMetadata,
  parseJsonText,
  type StoredEvent,
  uuidsBehind,
} from '../../../core/index.ts'
import type {
  Commit,
  CommitPart,
  CommittedEvent,
  LogEntry,
  VersionRange,
} from '../../../store/index.ts'
import { decodeSteps, encodeSteps, isPageEnd } from './back-links.ts'
import { maxEventsPerMessage, positionOf } from './event-position.ts'
import type { EventSubjects } from './event-subjects.ts'

/** The header that says the version of the last event in the message. */
export const versionHeader = 'Aether-Version'
/** JetStream's header for the id by which it recognises a repeated publish: its ADR-4. */
export const messageIdHeader = 'Nats-Msg-Id'
/** JetStream's header for the sequence that the subject's last message must have: its ADR-4. */
export const expectedSequenceHeader = 'Nats-Expected-Last-Subject-Sequence'

/** The same for another subject than the message's own: its ADR-4. */
export const expectedSubjectHeader = `${expectedSequenceHeader}-Subject`

/** The shape of the body below. The first named each event; a reader refuses any other. */
const currentFormat = 2
const readableFormats: ReadonlySet<unknown> = new Set([1, currentFormat])

/** How many characters of a message that can't be read its error shows. */
const maxRawLength = 2_000

/** One message as it lies in the stream: the part of the client's `StoredMsg` that is needed. */
export interface StoredMessage {
  readonly seq: number
  readonly subject: string
  /** Gives `''` for a header that is not there. */
  readonly header: { get(name: string): string }
  readonly data: Uint8Array
}

/** What lies in the stream where one actor's part of a commit is expected. */
export type StoredPart = ReadablePart | UnreadablePart

export interface ReadablePart {
  readonly sequence: number
  /** The same in all parts of a commit. */
  readonly commitId: string
  /** Which one of how many parts, from 0; undefined where the commit has no others. */
  readonly part: readonly [index: number, count: number] | undefined
  /** Of the actor's message before it, 0 where there is none: what it was written behind. */
  readonly previous: number
  /** The messages before it that it names, at least the previous one: see back-links.ts. */
  readonly links: readonly number[]
  /** At the end of a page: the ends of those before it that it names, at least the previous one. */
  readonly pages: readonly number[]
  readonly firstVersion: number
  readonly lastVersion: number
  readonly events: readonly StoredEvent[]
  /** Of a guard, which has no events: whose newest message was to be the `previous` one. */
  readonly guarded?: ActorId
}

export interface UnreadablePart {
  readonly sequence: number
  /** Undefined where the message doesn't say. */
  readonly previous: number | undefined
  readonly error: MalformedEventError
}

/** What stands in every message: JSON in UTF-8. */
export interface MessageBody {
  readonly format: number
  /** The same in all parts of a commit. */
  readonly id: string
  readonly time: string
  /** Which one of how many parts, from 0: whether a commit is whole can be told later. */
  readonly part?: readonly [index: number, count: number] | undefined
}

/** What stands in one that holds events. */
export interface PartBody extends MessageBody {
  readonly firstVersion: number
  /** The steps to the commits before it, where it names more than one. */
  readonly back?: string
  /** The steps to the ends of pages before it, where it names more than one. */
  readonly pages?: string
  /** By how much the first event's id is behind `id`, where the ids of the events are left out. */
  readonly idsFrom?: number
  readonly events: readonly BodyEvent[]
}

/** What else stands in it is yet to be looked at. */
type UncheckedBody = MessageBody & {
  readonly [Name in Exclude<keyof PartBody, keyof MessageBody>]?: unknown
}

/** Metadata is left out where there is none. */
type BodyEvent = Omit<CommittedEvent, 'metadata'> & { readonly metadata?: Metadata }

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientDecoder = new TextDecoder()

export function encodeBody(
  { id, time, parts }: Commit,
  part: CommitPart,
  firstVersion: number,
  links: readonly number[],
  pages: readonly number[] = [],
): string {
  // What is undefined is left out, and costs less than members that are there or not.
  const body = {
    format: currentFormat,
    id,
    time,
    firstVersion,
    part: placeIn(parts, part),
    back: links.length > 1 ? encodeSteps(links) : undefined,
    pages: isPageEnd(links) && pages.length > 1 ? encodeSteps(pages) : undefined,
    idsFrom: part.idsFrom,
    events: part.events.map(part.idsFrom === undefined ? withId : withoutId),
  } satisfies Record<keyof PartBody, unknown>
  return JSON.stringify(body)
}

/** Of a guard, which holds no events: what it demands stands in its headers. */
export function encodeGuard({ id, time, parts }: Commit, part: CommitPart): string {
  const body: MessageBody = { format: currentFormat, id, time, part: placeIn(parts, part) }
  return JSON.stringify(body)
}

/** Undefined where there are no others. */
function placeIn(parts: readonly CommitPart[], part: CommitPart): MessageBody['part'] {
  return parts.length > 1 ? [parts.indexOf(part), parts.length] : undefined
}

function withId(event: CommittedEvent): object {
  return { ...event, metadata: unlessEmpty(event.metadata) }
}

function withoutId({ type, time, data, metadata }: CommittedEvent): object {
  return { type, time, data, metadata: unlessEmpty(metadata) }
}

function unlessEmpty(metadata: Metadata): Metadata | undefined {
  return metadata === noMetadata || Object.keys(metadata).length === 0 ? undefined : metadata
}

export function isReadable(part: StoredPart): part is ReadablePart {
  return 'events' in part
}

export function decodePart(message: StoredMessage, subjects: EventSubjects): StoredPart {
  let actorId: ActorId | undefined
  let previous: number | undefined
  try {
    if (message.subject === subjects.guards) return decodeGuard(message, subjects)
    actorId = subjects.actorOf(message.subject)
    previous = parseSequence(message.header.get(expectedSequenceHeader))
    const lastVersion = parseVersion(message.header.get(versionHeader))
    const body = parseBody(message.data)
    const bodyEnd = body.firstVersion + body.events.length - 1
    if (bodyEnd !== lastVersion) {
      throw new TypeError(`its header says version ${lastVersion}, its body ends at ${bodyEnd}`)
    }
    return placeBody(body, actorId, message.seq, previous)
  } catch (cause) {
    return { sequence: message.seq, previous, error: malformed(message, cause, actorId) }
  }
}

function decodeGuard({ seq, header, data }: StoredMessage, subjects: EventSubjects): ReadablePart {
  const { id, part } = parseMessageBody(data)
  return {
    sequence: seq,
    commitId: id,
    part,
    guarded: subjects.actorOf(header.get(expectedSubjectHeader)),
    previous: parseSequence(header.get(expectedSequenceHeader)),
    links: [],
    pages: [],
    firstVersion: 0,
    lastVersion: 0,
    events: [],
  }
}

/**
 * What of these parts, which ascend, lies in the range. One that can't be read has no versions: it's
 * left out only where its neighbours show that it lies outside.
 */
export function entriesWithin(
  { first, last }: Pick<VersionRange, 'first' | 'last'>,
  parts: readonly StoredPart[],
): readonly LogEntry[] {
  const readable = parts.filter(isReadable)
  const end = readable.find((part) => part.lastVersion >= last)?.sequence ?? Infinity
  const start = readable.findLast((part) => part.firstVersion <= first)?.sequence ?? 0
  return parts.flatMap((part): readonly LogEntry[] => {
    if (isReadable(part))
      return part.events.filter(({ version }) => version >= first && version <= last)
    return part.sequence > start && part.sequence < end ? [part.error] : []
  })
}

/** All that there is in these parts, in their order. */
export function entriesOf(parts: readonly StoredPart[]): readonly LogEntry[] {
  return parts.flatMap<LogEntry>((part) => (isReadable(part) ? part.events : [part.error]))
}

function malformed(
  message: StoredMessage,
  cause: unknown,
  actorId: ActorId | undefined,
): MalformedEventError {
  return new MalformedEventError({
    ...(actorId === undefined ? {} : { actorId }),
    position: positionOf(message.seq, 0),
    raw: lenientDecoder.decode(message.data.subarray(0, maxRawLength)),
    cause,
  })
}

/** What stands in a message with this sequence, that was written behind the `previous` one. */
export function placeBody(
  body: PartBody,
  actorId: ActorId,
  sequence: number,
  previous: number,
): ReadablePart {
  const { id, time, firstVersion, back = '', pages = '', part: place, events } = body
  const links = previous === 0 ? [] : decodeSteps(back, previous)
  return {
    sequence,
    commitId: id,
    part: place,
    previous,
    links,
    pages: isPageEnd(links) ? decodeSteps(pages, links[0] as number) : [],
    firstVersion,
    lastVersion: firstVersion + events.length - 1,
    events: events.map((event, index) => ({
      id: event.id,
      actorId,
      type: event.type,
      version: firstVersion + index,
      position: positionOf(sequence, index),
      time: event.time ?? time,
      data: event.data,
      metadata: event.metadata ?? noMetadata,
    })),
  }
}

function parseSequence(text: string): number {
  const sequence = /^\d+$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(sequence)) return sequence
  throw new TypeError(
    `its header ${expectedSequenceHeader} is ${JSON.stringify(text)}, not a sequence`,
  )
}

function parseVersion(text: string): number {
  const version = /^[1-9]\d*$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(version)) return version
  throw new TypeError(`its header ${versionHeader} is ${JSON.stringify(text)}, not a version`)
}

/** @throws TypeError and others, where it is none of ours */
export function parseBody(data: Uint8Array): PartBody {
  const body = parseMessageBody(data)
  check('firstVersion', Number.isSafeInteger(body.firstVersion) && Number(body.firstVersion) >= 1)
  check('back', body.back === undefined || isString(body.back))
  check('pages', body.pages === undefined || isString(body.pages))
  const events: unknown[] = Array.isArray(body.events) ? body.events : []
  check('events', events.length > 0 && events.length <= maxEventsPerMessage)
  if (body.idsFrom !== undefined) nameEvents(events, body.id, body.idsFrom)
  events.forEach(checkEvent)
  return body as PartBody
}

/** @throws TypeError and others, where it is none of ours */
function parseMessageBody(data: Uint8Array): UncheckedBody {
  const body = parseJsonText(strictDecoder.decode(data))
  if (!isRecord(body)) throw new TypeError('its body is not an object')
  if (!readableFormats.has(body.format)) {
    const formats = [...readableFormats].join(' and ')
    throw new TypeError(
      `its format is ${JSON.stringify(body.format)}; this Aether reads ${formats}`,
    )
  }
  check('id', isText(body.id))
  check('time', isText(body.time))
  check('part', body.part === undefined || isPlace(body.part))
  return body as never
}

/** Gives the events the ids that were left out. */
function nameEvents(events: readonly unknown[], commitId: string, idsFrom: unknown): void {
  check('idsFrom', Number.isSafeInteger(idsFrom) && Number(idsFrom) >= 1)
  const idBehind = uuidsBehind(commitId)
  if (!idBehind)
    throw new TypeError('its id is not of a series, by which its events would be known')
  let steps = Number(idsFrom)
  for (const event of events) if (isRecord(event)) event['id'] = idBehind(steps++)
}

function checkEvent(event: unknown): void {
  check('an event', isRecord(event))
  const { id, type, time, data, metadata } = event as Record<string, JsonValue | undefined>
  check('the id of an event', isText(id))
  check('the type of an event', isText(type))
  check('the time of an event', time === undefined || isText(time))
  check('the data of an event', data !== undefined)
  if (metadata === undefined) return
  check('the metadata of an event', isRecord(metadata) && Object.values(metadata).every(isString))
}

function check(what: string, isRight: boolean): void {
  if (!isRight) throw new TypeError(`${what} is missing or wrong`)
}

/** Of one of several parts. */
function isPlace(part: unknown): boolean {
  if (!Array.isArray(part) || part.length !== 2) return false
  const [index, count] = part as [number, number]
  return part.every(Number.isSafeInteger) && index >= 0 && index < count && count > 1
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return isString(value) && value !== ''
}

function isString(value: unknown): value is string {
  return typeof value === 'string'
}
