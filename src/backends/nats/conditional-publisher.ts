import type { Msg } from '@nats-io/transport-node'
import type { ClientLibrary } from './client-library.ts'
import { messageIdHeader, versionHeader } from './commit-message.ts'
import { failureOf, jetStreamCodes } from './failure.ts'
import type { NatsLink } from './nats-link.ts'

/** JetStream's header for the sequence that the subject's last message must have: its ADR-4. */
const expectedSequenceHeader = 'Nats-Expected-Last-Subject-Sequence'

/** A message that is stored if and only if the subject's last one has the expected sequence. */
export interface ConditionalMessage {
  readonly subject: string
  readonly expectedSequence: number
  /** Never used for another message. */
  readonly id: string
  /** The version of the last event in the body. */
  readonly version: number
  readonly body: Uint8Array
}

/** What one try came to. */
export type PublishOutcome =
  | { readonly kind: 'stored'; readonly sequence: number }
  /** Not stored: the expectation was wrong. */
  | { readonly kind: 'superseded' }
  /** Not stored this time: the same message may succeed a moment later. */
  | { readonly kind: 'not-now'; readonly cause: unknown }
  /** Stored or not, nobody knows. */
  | { readonly kind: 'unknown'; readonly cause: unknown }
  /** Not stored, and JetStream will not store it. */
  | { readonly kind: 'refused'; readonly cause: unknown; readonly code: number | undefined }

interface Acknowledgement {
  readonly seq?: number
  readonly error?: { readonly err_code: number; readonly description: string }
}

/** Publishes once, and sorts what comes of it: never throws. */
export class ConditionalPublisher {
  readonly #library: ClientLibrary
  readonly #link: NatsLink
  readonly #timeoutMs: number

  constructor(library: ClientLibrary, link: NatsLink, timeoutMs: number) {
    this.#library = library
    this.#link = link
    this.#timeoutMs = timeoutMs
  }

  async publish(message: ConditionalMessage): Promise<PublishOutcome> {
    try {
      return acknowledged(await this.#link.attempt(() => this.#request(message)))
    } catch (cause) {
      const failure = failureOf(cause, this.#library)
      switch (failure.kind) {
        case 'not-sent':
        case 'no-responders':
          return { kind: 'not-now', cause }
        case 'forbidden':
          return { kind: 'refused', cause, code: undefined }
        default:
          return { kind: 'unknown', cause }
      }
    }
  }

  #request({ subject, body, ...message }: ConditionalMessage): Promise<Msg> {
    const headers = this.#library.transport.headers()
    for (const [name, value] of headersOf(message)) headers.append(name, value)
    return this.#link.nats.request(subject, body, { headers, timeout: this.#timeoutMs })
  }
}

/** What counts against the server's `max_payload`: the body, and the headers as they are sent. */
export function payloadSizeOf(message: ConditionalMessage): number {
  const headerLines = headersOf(message).map(([name, value]) => `${name}: ${value}\r\n`)
  return `NATS/1.0\r\n${headerLines.join('')}\r\n`.length + message.body.length
}

function headersOf({
  id,
  expectedSequence,
  version,
}: Pick<ConditionalMessage, 'id' | 'expectedSequence' | 'version'>): [string, string][] {
  return [
    [messageIdHeader, id],
    [expectedSequenceHeader, String(expectedSequence)],
    [versionHeader, String(version)],
  ]
}

/** An acknowledgement as a duplicate is one as well: the id is this message's own. */
function acknowledged(reply: Msg): PublishOutcome {
  const { seq, error } = reply.json<Acknowledgement>()
  if (error) return refusal(error.err_code, new Error(error.description))
  if (typeof seq === 'number' && seq > 0) return { kind: 'stored', sequence: seq }
  return { kind: 'unknown', cause: new Error(`not an acknowledgement: ${reply.string()}`) }
}

/**
 * `…InProcess` are passing states of a stream with replicas; a failing disk may have stored it all
 * the same: `checkMsgHeadersPreClusteredProposal` and `processJetStreamMsg` of nats-server.
 */
function refusal(code: number, cause: unknown): PublishOutcome {
  switch (code) {
    case jetStreamCodes.wrongLastSequence:
      return { kind: 'superseded' }
    case jetStreamCodes.wrongLastSequenceInProcess:
    case jetStreamCodes.duplicateInProcess:
    case jetStreamCodes.temporarilyUnavailable:
      return { kind: 'not-now', cause }
    case jetStreamCodes.storeFailed:
      return { kind: 'unknown', cause }
    default:
      return { kind: 'refused', cause, code }
  }
}
