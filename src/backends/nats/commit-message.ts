import {
  type ActorId,
  type JsonValue,
  MalformedEventError,
  type Metadata,
  noMetadata,
  type StoredEvent,
} from '../../core/index.ts'
import { type Commit, type CommittedEvent, placeCommit } from '../../store/index.ts'
import { maxEventsPerCommit, positionOf } from './event-position.ts'
import type { EventSubjects } from './event-subjects.ts'

/** The header that says the version of the last event in the message. */
export const versionHeader = 'Aether-Version'
/** JetStream's header for the id by which it recognises a repeated publish: its ADR-4. */
export const messageIdHeader = 'Nats-Msg-Id'

/** The shape of the body below; a reader refuses any other. */
const currentFormat = 1

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

/** One commit as it lies in the stream. */
export interface StoredCommit {
  readonly sequence: number
  readonly firstVersion: number
  readonly lastVersion: number
  readonly events: readonly StoredEvent[]
}

/** What stands in a message: JSON in UTF-8. */
interface CommitBody {
  readonly format: typeof currentFormat
  readonly id: string
  readonly time: string
  readonly firstVersion: number
  readonly events: readonly BodyEvent[]
}

/** Metadata is left out where there is none. */
type BodyEvent = Omit<CommittedEvent, 'metadata'> & { readonly metadata?: Metadata }

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const lenientDecoder = new TextDecoder()

export function encodeBody(commit: Commit, firstVersion: number): Uint8Array {
  const body: CommitBody = {
    format: currentFormat,
    id: commit.id,
    time: commit.time,
    firstVersion,
    events: commit.events.map(withoutEmptyMetadata),
  }
  return encoder.encode(JSON.stringify(body))
}

function withoutEmptyMetadata(event: CommittedEvent): BodyEvent {
  const { metadata, ...rest } = event
  return Object.keys(metadata).length === 0 ? rest : event
}

/** @throws MalformedEventError */
export function decodeCommit(message: StoredMessage, subjects: EventSubjects): StoredCommit {
  let actorId: ActorId | undefined
  try {
    actorId = subjects.actorOf(message.subject)
    const lastVersion = parseVersion(message.header.get(versionHeader))
    const body = parseBody(message.data)
    const bodyEnd = body.firstVersion + body.events.length - 1
    if (bodyEnd !== lastVersion) {
      throw new TypeError(`its header says version ${lastVersion}, its body ends at ${bodyEnd}`)
    }
    return place(body, actorId, message.seq)
  } catch (cause) {
    throw malformed(message, cause, actorId)
  }
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

function place(body: CommitBody, actorId: ActorId, sequence: number): StoredCommit {
  const { id, time, firstVersion } = body
  const events = body.events.map((event) => ({ metadata: noMetadata, ...event }))
  const commit: Commit = { id, actorId, time, events, isRepeatable: false }
  return {
    sequence,
    firstVersion,
    lastVersion: firstVersion + events.length - 1,
    events: placeCommit(commit, firstVersion, (index) => positionOf(sequence, index)),
  }
}

function parseVersion(text: string): number {
  const version = /^[1-9]\d*$/.test(text) ? Number(text) : NaN
  if (Number.isSafeInteger(version)) return version
  throw new TypeError(`its header ${versionHeader} is ${JSON.stringify(text)}, not a version`)
}

function parseBody(data: Uint8Array): CommitBody {
  const body: unknown = JSON.parse(strictDecoder.decode(data))
  if (!isRecord(body)) throw new TypeError('its body is not an object')
  if (body.format !== currentFormat) {
    throw new TypeError(
      `its format is ${JSON.stringify(body.format)}; this Aether reads ${currentFormat}`,
    )
  }
  check('id', isText(body.id))
  check('time', isText(body.time))
  check('firstVersion', Number.isSafeInteger(body.firstVersion) && Number(body.firstVersion) >= 1)
  const events: unknown[] = Array.isArray(body.events) ? body.events : []
  check('events', events.length > 0 && events.length <= maxEventsPerCommit)
  events.forEach(checkEvent)
  return body as unknown as CommitBody
}

function checkEvent(event: unknown): void {
  check('an event', isRecord(event))
  const { id, type, data, metadata } = event as Record<string, JsonValue | undefined>
  check('the id of an event', isText(id))
  check('the type of an event', isText(type))
  check('the data of an event', data !== undefined)
  if (metadata === undefined) return
  check('the metadata of an event', isRecord(metadata) && Object.values(metadata).every(isString))
}

function check(what: string, isRight: boolean): void {
  if (!isRight) throw new TypeError(`${what} is missing or wrong`)
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
