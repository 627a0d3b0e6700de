import type { StoredMessage } from './commit-message.ts'
import { headersIn } from './header-values.ts'

/** What the leader of a stream answers to `$JS.API.STREAM.MSG.GET`: as JSON, bytes in base64. */
export interface LeaderAnswer {
  readonly message?: LeaderMessage
  /** As JetStream's API has it everywhere. */
  readonly error?: {
    readonly code: number
    readonly err_code: number
    readonly description: string
  }
}

interface LeaderMessage {
  readonly seq: number
  readonly subject: string
  readonly hdrs?: string
  readonly data?: string
}

/** @throws SyntaxError where it is no JSON */
export function readLeaderAnswer(data: Uint8Array): LeaderAnswer {
  return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString()) as never
}

/** The message in an answer. */
export function storedMessage({
  seq,
  subject,
  hdrs = '',
  data = '',
}: LeaderMessage): StoredMessage {
  return { seq, subject, header: headersIn(decode(hdrs)), data: decode(data) }
}

function decode(base64: string): Buffer {
  return Buffer.from(base64, 'base64')
}
