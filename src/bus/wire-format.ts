import {
  type ActorId,
  checkMetadata,
  parseActorId,
  parseJsonText,
  type StoredEvent,
} from '../core/index.ts'
import type { BusMessage, EventStored } from './event-bus.ts'

/** The notice of an event. */
export function noticeOf(event: EventStored | StoredEvent): EventStored {
  const { id, actorId, type, version, position, time } = event
  return { id, actorId, type, version, position, time }
}

/** Notices as a list of lists, without the names of their members. */
export function textOfNotices(events: readonly StoredEvent[]): string {
  return JSON.stringify(
    events.map(({ id, actorId, type, version, position, time }) => [
      id,
      actorId,
      type,
      version,
      position,
      time,
    ]),
  )
}

/** @throws Error where that is no message */
export function messageIn(bytes: Uint8Array): BusMessage {
  const message = parsed(bytes) as BusMessage
  const { id, namespace, type, actorId, time, data, metadata } = message
  checkTexts([id, namespace, type, time])
  if (actorId !== undefined) parseActorId(actorId)
  if (data === undefined || typeof metadata !== 'object') throw new Error('a member is missing')
  checkMetadata(metadata)
  return message
}

/** @throws Error where that is no list of notices */
export function noticesIn(bytes: Uint8Array): readonly EventStored[] {
  const lists = parsed(bytes) as readonly [string, ActorId, string, number, number, string][]
  return lists.map(([id, actorId, type, version, position, time]) => {
    checkTexts([id, type, time])
    parseActorId(actorId)
    if (!Number.isSafeInteger(version) || !Number.isSafeInteger(position))
      throw new Error('version and position must be whole numbers')
    return { id, actorId, type, version, position, time }
  })
}

function parsed({ buffer, byteOffset, byteLength }: Uint8Array): unknown {
  return parseJsonText(Buffer.from(buffer, byteOffset, byteLength).toString())
}

function checkTexts(texts: readonly unknown[]): void {
  for (const text of texts) if (typeof text !== 'string') throw new Error('a text is missing')
}
