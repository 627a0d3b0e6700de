import { hash } from 'node:crypto'
import type { Exchange, Reply, TextReply } from './exchange.ts'

interface Shown {
  readonly version: number
  readonly state: unknown
}

/** The tag of an actor at a version: another one where new code makes another state of the same events. */
export function entityTagOf({ version, state }: Shown): string {
  return `"${version}-${digestOf(JSON.stringify(state))}"`
}

/** A reply with a tag that stands for its body, or 304 without one for a client that has it. */
export function tagged(exchange: Exchange, { status, headers, body }: TextReply): Reply {
  const etag = `"${digestOf(body)}"`
  return unlessKnown(exchange, etag, () => ({ status, headers: { ...headers, etag }, body }))
}

/** 304 where the client has what this tag stands for, else the reply. */
export function unlessKnown({ headers }: Exchange, etag: string, reply: () => Reply): Reply {
  if (!namesEntityTag(headers.get('if-none-match'), etag)) return reply()
  return { status: 304, headers: { etag }, body: undefined }
}

function digestOf(text: string): string {
  return hash('sha256', text).slice(0, 16)
}

/**
 * Whether an `If-None-Match` names this tag: one, a list, weak ones or `*` (RFC 9110, 13.1.2).
 */
function namesEntityTag(ifNoneMatch: string | null, tag: string): boolean {
  if (ifNoneMatch === null) return false
  const named = ifNoneMatch.split(',').map((each) => each.trim().replace(/^W\//, ''))
  return named.includes(tag) || named.includes('*')
}
