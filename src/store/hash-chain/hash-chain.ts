import { hash } from 'node:crypto'
import type { JsonValue, Metadata, StoredEvent } from '../../core/index.ts'

/** The member of an event's metadata that holds its hash, where its store makes a hash chain. */
export const hashName = 'hash'

/** What the hash of an event is made of: all but its place in the log, which a move changes. */
export type HashedEvent = Omit<StoredEvent, 'position'>

/**
 * The hash of an event: SHA-256, in base64url, over the hash of the actor's event before it (nothing
 * where there is none, or where that has none), a line feed, and the canonical JSON of what the
 * event says.
 */
export function chainHash(previous: string | undefined, event: HashedEvent): string {
  const { actorId, version, id, type, time, data, metadata } = event
  const content = [actorId, version, id, type, time, data, withoutHash(metadata)]
  return hash('sha256', `${previous ?? ''}\n${canonicalJson(content)}`, 'base64url')
}

/** What was there before the event was chained. */
export function withoutHash(metadata: Metadata): Metadata {
  if (!Object.hasOwn(metadata, hashName)) return metadata
  const { [hashName]: _hash, ...rest } = metadata
  return rest
}

/**
 * One text for each value: no blanks, and members in the order of their names' UTF-16 units. That is
 * RFC 8785, which says what JSON.stringify makes of numbers and text.
 */
function canonicalJson(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`
  const names = Object.keys(value).toSorted(byUnits)
  const members = names.map(
    (name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as JsonValue)}`,
  )
  return `{${members.join(',')}}`
}

/** `Array.isArray` doesn't know readonly ones. */
function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value)
}

/** Not by the language of the machine. */
function byUnits(one: string, other: string): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
