import { isUtf8 } from 'node:buffer'
import { hash } from 'node:crypto'

/** A path as JSON can hold it: its text, or its bytes where they are no text. */
export type FilePath = string | { readonly base64: string }

/** The longest key of an actor, in bytes of UTF-8. */
const maxKeyBytes = 200

export function pathFromBytes(bytes: Buffer): FilePath {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') }
}

export function pathToBytes(path: FilePath): Buffer {
  return typeof path === 'string' ? Buffer.from(path) : Buffer.from(path.base64, 'base64')
}

/**
 * The key of the actor of a path: the path itself where it is text of at most 200 bytes, else its
 * readable beginning and a hash. Git allows no empty names, so no path holds the `//` between them
 * and no stand-in is ever the path of another file.
 */
export function keyOf(path: FilePath): string {
  const bytes = pathToBytes(path)
  if (typeof path === 'string' && bytes.length <= maxKeyBytes) return path
  const digest = `//sha256:${hash('sha256', bytes)}`
  return beginning(bytes.toString('utf8'), maxKeyBytes - digest.length) + digest
}

/** For people: control characters, which could break a line, are spelled out. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (character) =>
    JSON.stringify(character)
      .slice(1, -1)
      .replace(/^[^\\]/u, escapeByNumber),
  )
}

/** JSON leaves some control characters as they are. */
function escapeByNumber(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Whole characters, as many as fit. */
function beginning(text: string, maxBytes: number): string {
  let bytes = 0
  let end = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    end += character.length
  }
  return text.slice(0, end)
}
