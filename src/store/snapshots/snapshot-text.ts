import { crc32 } from 'node:zlib'
import { type ActorId, parseJsonText } from '../../core/index.ts'
import type { Snapshot } from './snapshot.ts'

/** A snapshot as it is kept. */
export interface KeptSnapshot extends Snapshot {
  /** The event of its version, by which the history is recognised that it was taken of. */
  readonly eventId: string
}

/** The checksum is before all, so that damage is noticed which is still JSON. */
export function encodeSnapshot(snapshot: KeptSnapshot): string {
  const json = JSON.stringify(snapshot)
  return `${checksumOf(json)} ${json}`
}

/** @throws Error where the text is no snapshot of this actor. */
export function decodeSnapshot(text: string, actorId: ActorId): KeptSnapshot {
  const json = text.slice(checksumLength + 1)
  if (text !== `${checksumOf(json)} ${json}`) throw new Error('it is damaged')
  const snapshot = parseJsonText(json) as KeptSnapshot
  if (snapshot.actorId !== actorId) throw new Error(`it is of ${snapshot.actorId}`)
  return snapshot
}

const checksumLength = 8

function checksumOf(json: string): string {
  return crc32(json).toString(16).padStart(checksumLength, '0')
}
