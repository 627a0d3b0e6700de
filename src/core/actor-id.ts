import { AetherError } from './errors.ts'

/** `type-key`: everything before the first `-` is the type, the rest is the key. */
export type ActorId = `${string}-${string}`

/** The two parts of an actor id. */
export interface ActorAddress {
  readonly type: string
  readonly key: string
}

/** The longest key, in bytes of UTF-8. */
export const maxKeyBytes = 200
/** The longest type, in characters. */
const maxTypeLength = 64

const typePattern = /^[A-Za-z][A-Za-z0-9_]*$/
const plainId = /^[A-Za-z][A-Za-z0-9_]{0,63}-[\x20-\x7e]{1,200}$/
/** Ids that are spelled as they are. */
const plainSpelling = /^[A-Za-z][A-Za-z0-9_]{0,63}-[A-Za-z0-9_/-]{1,200}$/
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Makes the id of an actor.
 * @throws AetherError `invalid-actor-id`
 */
export function actorId(type: string, key: string): ActorId {
  checkType(type)
  checkKey(type, key)
  return `${type}-${key}`
}

/**
 * Makes ids of actors of one type, which is looked at once.
 * @throws AetherError `invalid-actor-id`, later as well
 */
export function actorIdsOf(type: string): (key: string) => ActorId {
  checkType(type)
  return (key) => {
    checkKey(type, key)
    return `${type}-${key}`
  }
}

/**
 * Splits an actor id into its type and key.
 * @throws AetherError `invalid-actor-id`
 */
export function parseActorId(id: string): ActorAddress {
  const dash = typeof id === 'string' ? id.indexOf('-') : -1
  if (dash < 0) throw invalid(`${JSON.stringify(id)} is not an actor id: expected type-key`)
  const address = { type: id.slice(0, dash), key: id.slice(dash + 1) }
  checkType(address.type)
  checkKey(address.type, address.key)
  return address
}

/**
 * Refuses what {@link parseActorId} refuses.
 * @throws AetherError `invalid-actor-id`
 */
export function checkActorId(id: string): void {
  // Almost all are made of these characters, and need not be taken apart.
  if (typeof id !== 'string' || !plainId.test(id)) parseActorId(id)
}

/**
 * Spells a key with the characters `A-Z a-z 0-9 _ - /` and `=XX` (a byte of UTF-8 in upper-case
 * hexadecimal) alone, so that it fits a NATS subject token, a NATS key and a database column alike.
 * Injective: two keys never share a spelling, and {@link decodeKey} gives the key back.
 */
export function encodeKey(key: string): string {
  if (/^[A-Za-z0-9_/-]*$/.test(key)) return key
  let spelling = ''
  for (const byte of encoder.encode(key)) {
    const char = String.fromCharCode(byte)
    spelling += /[A-Za-z0-9_/-]/.test(char)
      ? char
      : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return spelling
}

/**
 * The inverse of {@link encodeKey}; accepts only what `encodeKey` can have made.
 * @throws AetherError `invalid-actor-id`
 */
export function decodeKey(spelling: string): string {
  if (/^[A-Za-z0-9_/-]*$/.test(spelling)) return spelling
  const bytes: number[] = []
  for (let i = 0; i < spelling.length; i++) {
    if (spelling[i] !== '=') {
      bytes.push(spelling.charCodeAt(i))
      continue
    }
    bytes.push(Number.parseInt(spelling.slice(i + 1, i + 3), 16))
    i += 2
  }
  const key = decodeUtf8(spelling, bytes)
  if (encodeKey(key) !== spelling)
    throw invalid(`${JSON.stringify(spelling)} is not an encoded key`)
  return key
}

/**
 * The actor id that {@link encodeKey} spells so. Nearly all are seen to be right at one glance.
 * @throws AetherError `invalid-actor-id`
 */
export function decodeActorId(spelling: string): ActorId {
  if (plainSpelling.test(spelling)) return spelling as ActorId
  const id = decodeKey(spelling)
  checkActorId(id)
  return id as ActorId
}

function decodeUtf8(spelling: string, bytes: readonly number[]): string {
  try {
    return decoder.decode(Uint8Array.from(bytes))
  } catch (cause) {
    throw invalid(`${JSON.stringify(spelling)} is not an encoded key`, cause)
  }
}

/** @throws AetherError `invalid-actor-id` */
export function checkType(type: string): void {
  if (typeof type !== 'string' || !typePattern.test(type) || type.length > maxTypeLength) {
    throw invalid(
      `actor type ${JSON.stringify(type)} must be 1 to ${maxTypeLength} letters, digits or _, and start with a letter`,
    )
  }
}

function checkKey(type: string, key: string): void {
  if (typeof key !== 'string')
    throw invalid(`the key of a ${type} must be a string, not ${typeof key}`)
  if (key === '') throw invalid(`the key of a ${type} must not be empty`)
  if (!fits(key)) {
    throw invalid(
      `the key of a ${type} is longer than ${maxKeyBytes} bytes: ${JSON.stringify(key.slice(0, 40))}…`,
    )
  }
  if (!key.isWellFormed()) {
    throw invalid(
      `the key ${JSON.stringify(key)} of a ${type} holds a lone surrogate: it is not Unicode text`,
    )
  }
}

/** A UTF-16 unit is one to three bytes, so most keys need not be encoded to be measured. */
function fits(key: string): boolean {
  if (key.length * 3 <= maxKeyBytes) return true
  return key.length <= maxKeyBytes && encoder.encode(key).length <= maxKeyBytes
}

function invalid(message: string, cause?: unknown): AetherError {
  return new AetherError('invalid-actor-id', message, { cause })
}
