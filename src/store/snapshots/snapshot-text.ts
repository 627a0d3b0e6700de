import { crc32 } from 'node:zlib'
import { type ActorId, parseJsonText } from '../../core/index.ts'
import type { Snapshot } from './snapshot.ts'

/** A snapshot as it is kept. */
export interface KeptSnapshot extends Snapshot {
  /** The event of its version, by which the history is recognised that it was taken of. */
  readonly eventId: string
}

/** What there is to know of a snapshot beside its state. */
export type SnapshotHead = Omit<KeptSnapshot, 'state'>

/**
 * The checksum is before all, so that damage is noticed which is still JSON, and the state, which may be long,
 * behind all, so that {@link decodeHead} need not parse it.
 */
export function encodeSnapshot({ state, ...head }: KeptSnapshot): string {
  const json = JSON.stringify({ ...head, state })
  return `${checksumOf(json)} ${json}`
}

/** @throws Error where the text is no snapshot of this actor. */
export function decodeSnapshot(text: string, actorId: ActorId): KeptSnapshot {
  return ofActor(parseJsonText(undamaged(text)) as KeptSnapshot, actorId)
}

/** @throws Error where the text is no snapshot of this actor. */
export function decodeHead(text: string, actorId: ActorId): SnapshotHead {
  const json = undamaged(text)
  // Within a string its quotes would have backslashes.
  const end = json.indexOf(',"state":')
  const head = parseJsonText(end < 0 ? json : `${json.slice(0, end)}}`) as SnapshotHead
  // An older Aether has put the state into the middle.
  return head.eventId === undefined ? decodeSnapshot(text, actorId) : ofActor(head, actorId)
}

function undamaged(text: string): string {
  const json = text.slice(checksumLength + 1)
  if (text !== `${checksumOf(json)} ${json}`) throw new Error('it is damaged')
  return json
}

function ofActor<Kept extends SnapshotHead>(kept: Kept, actorId: ActorId): Kept {
  if (kept.actorId !== actorId) throw new Error(`it is of ${kept.actorId}`)
  return kept
}

const checksumLength = 8

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(checksumLength, '0')
}
