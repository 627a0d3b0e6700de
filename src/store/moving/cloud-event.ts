import {
  actorId,
  type ActorId,
  AetherError,
  decodeKey,
  encodeKey,
  type Metadata,
  noMetadata,
  parseActorId,
  parseJson,
  type StoredEvent,
  traceOf,
} from '../../core/index.ts'
import { isTime } from '../append/event-time.ts'
import type { VersionedEvent } from '../event-store.ts'

/** An event as it leaves a store and comes into another: only its position stays behind. */
export type MovedEvent = Omit<StoredEvent, 'position'> & VersionedEvent

/**
 * What a String of CloudEvents may not hold: controls, halves of characters, code points that are
 * none (CloudEvents 1.0, Type System).
 */
const forbidden = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u
const escaped = /[\\\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/gu

/** JSON may hold them as they are, and many who read lines, such as Node's readline, end one there. */
const otherLineEnds = /[\u0085\u2028\u2029]/g

/** Metadata that has an attribute of its own: the extensions Correlation and Distributed Tracing. */
const correlation = { correlationId: 'correlationid', causationId: 'causationid' } as const

/** All attributes that are read; another one would be lost without notice. */
const knownAttributes: ReadonlySet<string> = new Set([
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'data'],
  ...['aetherversion', 'aetherposition', 'aethermetadata'],
  ...['correlationid', 'causationid', 'traceparent', 'tracestate'],
])

/** The data may nest as deep as a store takes it, one level down. */
const lineBounds = { maxDepth: 66, maxValues: 1_001_000 }

/**
 * The event as one line of JSON: a CloudEvent 1.0 in its JSON format. Versions and positions are
 * text, because a CloudEvents Integer has 32 bits.
 */
export function encodeCloudEvent(event: StoredEvent): string {
  const { type, key } = parseActorId(event.actorId)
  const line = JSON.stringify({
    specversion: '1.0',
    id: escape(event.id),
    source: `/aether/${type}/${encodeKey(key)}`,
    type: escape(event.type),
    subject: escape(event.actorId),
    time: event.time,
    datacontenttype: 'application/json',
    aetherversion: String(event.version),
    aetherposition: String(event.position),
    ...attributesOf(event.metadata),
    data: event.data,
  })
  return line.replaceAll(otherLineEnds, unitEscape)
}

/**
 * The inverse of {@link encodeCloudEvent}.
 * @throws AetherError `invalid-json`, `invalid-actor-id`, `invalid-argument`
 */
export function decodeCloudEvent(line: string): MovedEvent {
  const attributes: unknown = parseJson(line, lineBounds)
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
    throw malformed('is not a JSON object')
  const event = attributes as Attributes
  for (const name of Object.keys(event))
    if (!knownAttributes.has(name))
      throw malformed(`has the attribute ${name}, which would be lost`)
  checkContent(event)
  const id = actorOf(text(event, 'source'))
  if (event.subject !== undefined && unescape(text(event, 'subject')) !== id)
    throw malformed(`has the source of ${id}, and another subject`)
  return {
    id: unescape(text(event, 'id')),
    actorId: id,
    type: unescape(text(event, 'type')),
    version: versionIn(text(event, 'aetherversion')),
    time: timeIn(text(event, 'time')),
    data: event.data as StoredEvent['data'],
    metadata: metadataIn(event),
  }
}

type Attributes = Readonly<Record<string, unknown>>

function checkContent({ specversion, datacontenttype, data }: Attributes): void {
  if (specversion !== '1.0')
    throw malformed(`has the specversion ${JSON.stringify(specversion)}, not "1.0"`)
  if (datacontenttype !== undefined && datacontenttype !== 'application/json')
    throw malformed(`has the datacontenttype ${JSON.stringify(datacontenttype)}`)
  if (data === undefined) throw malformed('has no data')
}

function actorOf(source: string): ActorId {
  const [, type, spelling] = /^\/aether\/([^/]+)\/([^]+)$/.exec(source) ?? []
  if (type === undefined || spelling === undefined)
    throw malformed(`has the source ${JSON.stringify(source)}, not /aether/type/key`)
  return actorId(type, decodeKey(spelling))
}

function versionIn(spelling: string): number {
  const version = /^[1-9]\d*$/.test(spelling) ? Number(spelling) : Number.NaN
  if (Number.isSafeInteger(version)) return version
  throw malformed(`has the aetherversion ${JSON.stringify(spelling)}, not a version`)
}

function timeIn(time: string): string {
  if (isTime(time)) return time
  throw malformed(`has the time ${JSON.stringify(time)}, not one like 2026-11-21T20:00:00.000Z`)
}

/** What an extension can't say as it is stands with the rest, so that nothing is lost. */
function attributesOf(metadata: Metadata): Readonly<Record<string, string>> {
  const rest = { ...metadata }
  const attributes: Record<string, string> = {}
  const move = (name: string, attribute: string): void => {
    const value = metadata[name]
    if (value === undefined || value === '' || forbidden.test(value)) return
    attributes[attribute] = value
    delete rest[name]
  }
  for (const [name, attribute] of Object.entries(correlation)) move(name, attribute)
  if (traceOf(metadata)) {
    move('traceparent', 'traceparent')
    move('tracestate', 'tracestate')
  }
  if (Object.keys(rest).length > 0) attributes.aethermetadata = asciiJson(rest)
  return attributes
}

function metadataIn(event: Attributes): Metadata {
  const { aethermetadata } = event
  const metadata: Record<string, string> = {}
  if (aethermetadata !== undefined) Object.assign(metadata, restIn(text(event, 'aethermetadata')))
  for (const [name, attribute] of [
    ...Object.entries(correlation),
    ['traceparent', 'traceparent'] as const,
    ['tracestate', 'tracestate'] as const,
  ]) {
    if (event[attribute] === undefined) continue
    if (Object.hasOwn(metadata, name)) throw malformed(`gives ${name} twice`)
    metadata[name] = text(event, attribute)
  }
  return Object.keys(metadata).length === 0 ? noMetadata : metadata
}

function restIn(json: string): Metadata {
  const rest: unknown = parseJson(json)
  if (typeof rest !== 'object' || rest === null || Array.isArray(rest))
    throw malformed('has an aethermetadata that is no JSON object')
  for (const value of Object.values(rest))
    if (typeof value !== 'string') throw malformed('has an aethermetadata with other than text')
  return rest as Metadata
}

function text(event: Attributes, name: string): string {
  const value = event[name]
  if (typeof value === 'string' && value !== '') return value
  throw malformed(`has ${value === undefined ? 'no' : 'a wrong'} ${name}`)
}

/** JSON with nothing but printable ASCII, so that it is a String of CloudEvents. */
function asciiJson(value: Metadata): string {
  return JSON.stringify(value).replaceAll(/[^\x20-\x7e]/g, unitEscape)
}

/** Spells what CloudEvents forbid as JSON would, and the backslash as well: injective. */
function escape(value: string): string {
  return value.replaceAll(escaped, (char) =>
    Array.from({ length: char.length }, (_, unit) => unitEscape(char.charAt(unit))).join(''),
  )
}

function unescape(spelling: string): string {
  const value = spelling.replaceAll(/\\u([0-9a-f]{4})/g, (_, unit: string) =>
    String.fromCharCode(Number.parseInt(unit, 16)),
  )
  if (escape(value) === spelling) return value
  throw malformed(`has the text ${JSON.stringify(spelling)}, which nothing is spelled like`)
}

function unitEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function malformed(what: string): AetherError {
  return new AetherError('invalid-argument', `the CloudEvent ${what}`)
}
