import { randomBytes } from 'node:crypto'
import type { Msg } from '@nats-io/transport-node'
import type { ClientLibrary } from './client-library.ts'
import { expectedSequenceHeader, messageIdHeader, versionHeader } from './commit-message.ts'
import { failureOf, jetStreamCodes } from './failure.ts'
import { Gate } from './gate.ts'
import type { NatsLink } from './nats-link.ts'

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
  /** All are: the first one with this sequence, the others right behind it. */
  | { readonly kind: 'stored'; readonly firstSequence: number }
  /** Not stored this time, and never again: an expectation was wrong. */
  | { readonly kind: 'superseded' }
  /** Not stored this time: the same messages may succeed a moment later. */
  | { readonly kind: 'not-now'; readonly cause: unknown }
  /** Stored or not, nobody knows. */
  | { readonly kind: 'unknown'; readonly cause: unknown }
  /** Not stored, and JetStream will not store it. */
  | { readonly kind: 'refused'; readonly cause: unknown; readonly code: number | undefined }

/** How many messages the server takes at once: `streamDefaultMaxAtomicBatchSize` of nats-server. */
export const maxMessagesPerBatch = 1_000

/**
 * The server takes 50 batches of a stream at once, of all its clients, and refuses or drops what is
 * more: `streamDefaultMaxAtomicBatchInflightPerStream` of nats-server.
 */
const maxOpenBatches = 12

/**
 * An atomic batch as the server's ADR-50 has it. The client's own drops expectations and hides why a
 * batch was refused.
 */
const batchHeaders = {
  id: 'Nats-Batch-Id',
  sequence: 'Nats-Batch-Sequence',
  commit: 'Nats-Batch-Commit',
} as const

interface Acknowledgement {
  readonly seq?: number
  readonly error?: { readonly err_code: number; readonly description: string }
}

type Headers = readonly (readonly [name: string, value: string])[]

/** Publishes once, and sorts what comes of it: never throws. */
export class ConditionalPublisher {
  readonly #library: ClientLibrary
  readonly #link: NatsLink
  readonly #timeoutMs: number
  readonly #batches = new Gate(maxOpenBatches)

  constructor(library: ClientLibrary, link: NatsLink, timeoutMs: number) {
    this.#library = library
    this.#link = link
    this.#timeoutMs = timeoutMs
  }

  /** Stores all of the messages, which have a subject each, or none. */
  publish(messages: readonly ConditionalMessage[]): Promise<PublishOutcome> {
    const [only] = messages
    return only && messages.length === 1
      ? this.#outcomeOf(1, () => this.#request(only, headersOf(only)))
      : this.#batches.run(() => this.#publishBatch(messages))
  }

  /**
   * Every message is answered: an empty answer says that it is staged, and the one to the last tells
   * of all of them. A batch is known by an id of its own in every try: an earlier one may still be
   * open, and is dropped by the server after a while.
   */
  async #publishBatch(messages: readonly ConditionalMessage[]): Promise<PublishOutcome> {
    const batchId = newBatchId()
    const staging: Promise<Msg>[] = []
    const outcome = await this.#outcomeOf(messages.length, () => {
      for (const [index, message] of messages.entries()) {
        const place = batchPlace(batchId, index, messages.length)
        staging.push(this.#request(message, [...headersOf(message), ...place]))
      }
      for (const answer of staging) answer.catch(() => undefined)
      return staging.at(-1) as Promise<Msg>
    })
    const isIncomplete =
      outcome.kind === 'refused' && outcome.code === jetStreamCodes.batchIncomplete
    return isIncomplete ? this.#whyIncomplete(staging, outcome.cause) : outcome
  }

  /** The first message that was not staged says why; without one, the batch was closed meanwhile. */
  async #whyIncomplete(staging: readonly Promise<Msg>[], cause: unknown): Promise<PublishOutcome> {
    for (const answer of staging.slice(0, -1)) {
      const reply = await answer.catch(() => undefined)
      const outcome = reply && reply.data.length > 0 ? acknowledged(reply, 1) : undefined
      if (outcome?.kind === 'refused') return outcome
    }
    return { kind: 'not-now', cause }
  }

  async #outcomeOf(count: number, send: () => Promise<Msg>): Promise<PublishOutcome> {
    try {
      return acknowledged(await this.#link.attempt(send), count)
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

  #request({ subject, body }: ConditionalMessage, lines: Headers): Promise<Msg> {
    const headers = this.#library.transport.headers()
    for (const [name, value] of lines) headers.append(name, value)
    return this.#link.nats.request(subject, body, { headers, timeout: this.#timeoutMs })
  }
}

/** What counts against the server's `max_payload`: the body, and the headers as they are sent. */
export function payloadSizeOf(messages: readonly ConditionalMessage[], index: number): number {
  const message = messages[index] as ConditionalMessage
  const place = messages.length > 1 ? batchPlace(newBatchId(), index, messages.length) : []
  const lines = [...headersOf(message), ...place].map(([name, value]) => `${name}: ${value}\r\n`)
  return `NATS/1.0\r\n${lines.join('')}\r\n`.length + message.body.length
}

function headersOf({ id, expectedSequence, version }: ConditionalMessage): Headers {
  return [
    [messageIdHeader, id],
    [expectedSequenceHeader, String(expectedSequence)],
    [versionHeader, String(version)],
  ]
}

/** Always as long as any other: it counts against `max_payload`. */
function newBatchId(): string {
  return randomBytes(12).toString('base64url')
}

function batchPlace(batchId: string, index: number, count: number): Headers {
  const place = [
    [batchHeaders.id, batchId],
    [batchHeaders.sequence, String(index + 1)],
  ] as const
  return index === count - 1 ? [...place, [batchHeaders.commit, '1']] : place
}

/**
 * An acknowledgement as a duplicate is one as well: the id is this message's own. A batch is
 * acknowledged with the sequence of its last message.
 */
function acknowledged(reply: Msg, count: number): PublishOutcome {
  const { seq, error } = reply.json<Acknowledgement>()
  if (error) return refusal(error.err_code, new Error(error.description))
  if (typeof seq === 'number' && seq >= count)
    return { kind: 'stored', firstSequence: seq - count + 1 }
  return { kind: 'unknown', cause: new Error(`not an acknowledgement: ${reply.string()}`) }
}

/**
 * `…InProcess` are passing states of a stream with replicas; a failing disk may have stored it all
 * the same: `checkMsgHeadersPreClusteredProposal` and `processJetStreamMsg` of nats-server. A batch
 * with a message that is stored already is refused as such; which commit it was stored with has to be
 * looked up like any wrong expectation.
 */
function refusal(code: number, cause: unknown): PublishOutcome {
  switch (code) {
    case jetStreamCodes.wrongLastSequence:
    case jetStreamCodes.batchContainsDuplicate:
      return { kind: 'superseded' }
    case jetStreamCodes.wrongLastSequenceInProcess:
    case jetStreamCodes.duplicateInProcess:
    case jetStreamCodes.temporarilyUnavailable:
    case jetStreamCodes.tooManyBatches:
      return { kind: 'not-now', cause }
    case jetStreamCodes.storeFailed:
      return { kind: 'unknown', cause }
    default:
      return { kind: 'refused', cause, code }
  }
}
