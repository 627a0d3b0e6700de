import { randomBytes } from 'node:crypto'
import { readAcknowledgement } from '../commits/acknowledgement.ts'
import {
  expectedSequenceHeader,
  expectedSubjectHeader,
  messageIdHeader,
  versionHeader,
} from '../commits/commit-message.ts'
import { jetStreamCodes } from '../connection/failure.ts'
import type { Answer, SharedInbox, ShortAnswer, ShortRequest } from '../connection/shared-inbox.ts'
import type { UsedNumbers } from './used-numbers.ts'

/** A message that is stored if and only if the subject's last one has the expected sequence. */
export interface ConditionalMessage {
  readonly subject: string
  readonly expectedSequence: number
  /** Of which subject it is expected. @default its own */
  readonly expectedSubject?: string
  /**
   * By which the server knows the message again for a while; never used for another one. Without it, no
   * other message has this body.
   * @default none
   */
  readonly id?: string
  /** The version of the last event in the body, where it holds events. */
  readonly version?: number
  /** More headers, each as a line of ASCII that ends in CRLF. */
  readonly headers?: string
  readonly body: string
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
  /** As unknown; the answer may be one to an earlier message. */
  | { readonly kind: 'doubtful'; readonly cause: unknown }

/** How many messages the server takes at once: `streamDefaultMaxAtomicBatchSize` of nats-server. */
export const maxMessagesPerBatch = 1_000

/**
 * An atomic batch as the server's ADR-50 has it. The client's own drops expectations and hides why a
 * batch was refused.
 */
const batchHeaders = {
  id: 'Nats-Batch-Id',
  sequence: 'Nats-Batch-Sequence',
  commit: 'Nats-Batch-Commit',
} as const

/** Publishes once, and sorts what comes of it: never throws. */
export class ConditionalPublisher {
  readonly #inbox: SharedInbox
  readonly #numbers: UsedNumbers | undefined

  /** With `numbers`, it publishes nothing that has an id, and to one stream, from which nothing is removed. */
  constructor(inbox: SharedInbox, numbers?: UsedNumbers) {
    this.#inbox = inbox
    this.#numbers = numbers
  }

  /** Stores all of the messages, which have a subject each, or none. */
  publish(messages: readonly ConditionalMessage[]): Promise<PublishOutcome> {
    const [only] = messages
    if (!only || messages.length > 1) return this.publishAgain(messages)
    return this.#numbers ? this.#publishUnder(this.#numbers, only) : this.#publishOne(only)
  }

  /** The same, behind a try that left doubt. */
  publishAgain(messages: readonly ConditionalMessage[]): Promise<PublishOutcome> {
    const [only] = messages
    return only && messages.length === 1 ? this.#publishOne(only) : this.#publishBatch(messages)
  }

  async #publishOne(message: ConditionalMessage): Promise<PublishOutcome> {
    return outcomeOf(await this.#inbox.ask(requestOf(message)), 1)
  }

  #publishUnder(numbers: UsedNumbers, message: ConditionalMessage): Promise<PublishOutcome> {
    const used = numbers.take()
    return new Promise((resolve) => {
      this.#inbox.send(requestOf(message, used.number), (answer) => {
        const outcome = outcomeOf(answer, 1)
        if (answer.kind !== 'answered') resolve(outcome)
        else if (outcome.kind === 'stored' && outcome.firstSequence > used.newest) {
          numbers.giveBack(used, outcome.firstSequence)
          resolve(outcome)
        } else resolve(used.newest === 0 ? outcome : doubtful)
      })
    })
  }

  /**
   * Every message is answered: an empty answer says that it is staged, and the one to the last tells
   * of all of them. A batch is known by an id of its own in every try: an earlier one may still be
   * open, and is dropped by the server after a while.
   */
  async #publishBatch(messages: readonly ConditionalMessage[]): Promise<PublishOutcome> {
    const batchId = newBatchId()
    const answers = messages.map((message, index) => {
      const { subject, body } = message
      const headers = headersOf(message, batchPlace(batchId, index, messages.length))
      return this.#inbox.ask({ subject, body, headers })
    })
    const outcome = outcomeOf((await answers.at(-1)) as Answer, messages.length)
    const isIncomplete =
      outcome.kind === 'refused' && outcome.code === jetStreamCodes.batchIncomplete
    return isIncomplete ? whyIncomplete(answers.slice(0, -1), outcome.cause) : outcome
  }
}

/** The first message that was not sent on or not staged says why; without one, the batch was closed meanwhile. */
async function whyIncomplete(
  staging: readonly Promise<Answer>[],
  cause: unknown,
): Promise<PublishOutcome> {
  for (const staged of staging) {
    const answer = await staged
    if (answer.kind === 'answered' && answer.data.length === 0) continue
    const outcome = outcomeOf(answer, 1)
    if (outcome.kind === 'refused') return outcome
  }
  return { kind: 'not-now', cause }
}

/** More than the headers of any message with events have: their names, three numbers and two ids. */
export const maxHeaderBytes = 512

/** What counts against the server's `max_payload`: the body, and the headers as they are sent. */
export function payloadSizeOf(messages: readonly ConditionalMessage[], index: number): number {
  const message = messages[index] as ConditionalMessage
  const place = messages.length > 1 ? batchPlace(newBatchId(), index, messages.length) : ''
  return headersOf(message, place).length + Buffer.byteLength(message.body)
}

const doubtful: PublishOutcome = {
  kind: 'doubtful',
  cause: new Error('its answer may be one to an earlier message'),
}

/** The headers as NATS's protocol has them: all of it is ASCII. */
function headersOf(message: ConditionalMessage, others = ''): string {
  const { id, expectedSequence, expectedSubject, version, headers = '' } = message
  const ofId = id === undefined ? '' : `${messageIdHeader}: ${id}\r\n`
  const ofEvents = version === undefined ? '' : `${versionHeader}: ${version}\r\n`
  const ofOther =
    expectedSubject === undefined ? '' : `${expectedSubjectHeader}: ${expectedSubject}\r\n`
  return `NATS/1.0\r\n${ofId}${expectedSequenceHeader}: ${expectedSequence}\r\n${ofOther}${ofEvents}${headers}${others}\r\n`
}

function requestOf(message: ConditionalMessage, number?: number): ShortRequest {
  const { subject, body } = message
  return { subject, body, headers: headersOf(message), number }
}

/** Always as long as any other: it counts against `max_payload`. */
function newBatchId(): string {
  return randomBytes(12).toString('base64url')
}

function batchPlace(batchId: string, index: number, count: number): string {
  const place = `${batchHeaders.id}: ${batchId}\r\n${batchHeaders.sequence}: ${index + 1}\r\n`
  return index === count - 1 ? `${place}${batchHeaders.commit}: 1\r\n` : place
}

function outcomeOf(answer: ShortAnswer, count: number): PublishOutcome {
  switch (answer.kind) {
    case 'answered':
      return acknowledged(answer.data, count)
    case 'not-sent':
    case 'no-responders':
      return { kind: 'not-now', cause: answer.cause }
    case 'forbidden':
      return { kind: 'refused', cause: answer.cause, code: undefined }
    case 'unanswered':
      return { kind: 'unknown', cause: answer.cause }
  }
}

/**
 * An acknowledgement as a duplicate is one as well: the id is this message's own. A batch is
 * acknowledged with the sequence of its last message.
 */
function acknowledged(data: Uint8Array, count: number): PublishOutcome {
  const { sequence, error } = readAcknowledgement(data)
  if (error) return refusal(error.err_code, new Error(error.description))
  if (sequence !== undefined && sequence >= count)
    return { kind: 'stored', firstSequence: sequence - count + 1 }
  const text = new TextDecoder().decode(data)
  return { kind: 'unknown', cause: new Error(`not an acknowledgement: ${text}`) }
}

/**
 * `…InProcess` are passing states of a stream with replicas; too many requests are more than the server keeps while its
 * disk is at those before; a failing disk may have stored it all the same: `checkMsgHeadersPreClusteredProposal`,
 * `queueInbound` and `processJetStreamMsg` of nats-server. A batch
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
    case jetStreamCodes.tooManyRequests:
    case jetStreamCodes.tooManyBatches:
      return { kind: 'not-now', cause }
    case jetStreamCodes.storeFailed:
      return { kind: 'unknown', cause }
    default:
      return { kind: 'refused', cause, code }
  }
}
