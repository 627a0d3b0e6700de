import type { Msg } from '@nats-io/transport-node'
import type { StoredMessage } from './commit-message.ts'
import { type HeaderValues, headersOf } from './header-values.ts'

/**
 * Headers by which a direct get says what it found: the server's ADR-31. It puts them behind those
 * of the message, whose own may be called the same.
 */
const directHeaders = {
  stream: 'Nats-Stream',
  sequence: 'Nats-Sequence',
  subject: 'Nats-Subject',
  /** The sequence of the message before in the same batch, 0 in its first. */
  preceding: 'Nats-Last-Sequence',
} as const

/** A message as a direct get answers with it. */
export interface DirectMessage extends StoredMessage {
  readonly header: HeaderValues
  /** The sequence of the one before in the same batch, 0 in its first; NaN outside a batch. */
  readonly preceding: number
}

/** Undefined for a status: that there is none, that a batch is at its end, that nobody is there. It came to `subject`. */
export function directMessageIn(answer: Msg, subject: string): DirectMessage | undefined {
  const { data } = answer
  const header = headersOf(answer, data, subject.length)
  if (!header?.isOfMessage) return undefined
  return {
    seq: Number(header.last(directHeaders.sequence)),
    subject: header.last(directHeaders.subject),
    preceding: precedingIn(header),
    header,
    data,
  }
}

/**
 * Whether the stream itself gave the message, and not a mirror of it, which answers direct gets as well and leaves out
 * what was expected: docs/decisions/0105-mirrors-answer-as-well.md.
 */
export function isOfStream({ header }: DirectMessage, stream: string): boolean {
  return header.last(directHeaders.stream) === stream
}

/** The body alone, of a message that was asked for without headers; undefined for a status. */
export function directBodyIn({ data }: Msg): Uint8Array | undefined {
  return data.length > 0 ? data : undefined
}

function precedingIn(header: HeaderValues): number {
  const text = header.last(directHeaders.preceding)
  return text === '' ? NaN : Number(text)
}
