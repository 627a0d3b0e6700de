import { AetherError, messageOf, systemClock, WriteRefusedError } from '../../../core/index.ts'
import {
  expectedSequenceHeader,
  messageIdHeader,
  type StoredMessage,
} from '../commits/commit-message.ts'
import { jetStreamCodes } from '../connection/failure.ts'
import { Gate } from '../connection/gate.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { RetryBudget } from '../connection/retry-budget.ts'
import { settleMs } from '../connection/server-pulse.ts'
import type { StreamLeader } from '../reading/stream-leader.ts'
import {
  type ConditionalMessage,
  type ConditionalPublisher,
  maxHeaderBytes,
  maxMessagesPerBatch,
  payloadSizeOf,
  type PublishOutcome,
} from './conditional-publisher.ts'

export interface CommitPublisherContext {
  readonly publisher: ConditionalPublisher
  readonly leader: StreamLeader
  readonly link: NatsLink
  readonly retryForMs: number
}

/**
 * The server takes 50 batches of a stream at once, of all its clients, and refuses or drops what is
 * more: `streamDefaultMaxAtomicBatchInflightPerStream` of nats-server.
 */
const maxRepeatedBatches = 12

/** So many bytes in UTF-8 a character of a string has at most, as `length` counts them. */
const maxBytesOfUnit = 3

/** What is certain in the end: where the first message is stored, or that none ever will be. */
export type Certainty = { readonly storedAt: number } | 'superseded'

/** Why one of the tries may have been stored: docs/decisions/0052-numbers-that-are-used-again.md. */
interface Doubt {
  readonly wasUnanswered: boolean
  /** When the first one was doubtful, of `performance.now()`. */
  readonly doubtfulSince: number | undefined
  /** Until when it may be looked up, of `performance.now()`. */
  readonly deadline: number
}

/**
 * Publishes messages, all or none, until it is certain what became of them. Whoever has several at once begins with
 * one {@link attempt} at a time, as {@link GroupedPublisher} does; how many are repeated at once is seen to here.
 */
export class CommitPublisher {
  readonly #context: CommitPublisherContext
  readonly #repeated = new Gate(maxRepeatedBatches)

  constructor(context: CommitPublisherContext) {
    this.#context = context
  }

  /**
   * Repeats the identical messages, which is safe: their expectations can come true only once.
   * @param budget the time of what this is a step of. @default one of its own
   * @throws AetherError `too-large`; `store-unavailable`, `not-permitted` and `closed`, where
   * nothing was stored; `outcome-unknown` where a try went unanswered and time ran out.
   */
  publish(
    messages: readonly ConditionalMessage[],
    budget: RetryBudget = this.newBudget(),
  ): Promise<Certainty> {
    const { publisher } = this.#context
    this.checkSize(messages)
    // Almost always the first try is the last: an async function for it would cost much of it.
    return publisher
      .publish(messages)
      .then((outcome) =>
        outcome.kind === 'stored'
          ? this.#stored(outcome.firstSequence, messages)
          : this.#repeat(outcome, messages, budget),
      )
  }

  /** For how long something may be tried, from now on. */
  newBudget(): RetryBudget {
    const { link, retryForMs } = this.#context
    return new RetryBudget(link, retryForMs)
  }

  /** One try, whatever comes of it; never throws. */
  attempt(messages: readonly ConditionalMessage[]): Promise<PublishOutcome> {
    return this.#context.publisher.publish(messages)
  }

  /**
   * Goes on behind such a try, in which there were others beside these messages.
   * @throws as {@link publish}
   */
  async goOn(
    outcome: PublishOutcome,
    messages: readonly ConditionalMessage[],
    budget: RetryBudget,
  ): Promise<Certainty> {
    return outcome.kind === 'stored'
      ? this.#stored(outcome.firstSequence, messages)
      : this.#repeat(outcome, messages, budget)
  }

  /** @throws AetherError `too-large` */
  checkSize(messages: readonly ConditionalMessage[]): void {
    if (messages.length > maxMessagesPerBatch) {
      throw new AetherError(
        'too-large',
        `a commit to ${messages.length} actors: NATS takes at most ${maxMessagesPerBatch} at once`,
      )
    }
    const large = messages.findIndex((_, index) => !this.#fits(messages, index))
    if (large < 0) return
    const bytes = payloadSizeOf(messages, large)
    const { maxPayload } = this.#context.link
    throw new AetherError(
      'too-large',
      `a commit to ${messages[large]?.subject} has ${bytes} bytes, and the server takes at most ${maxPayload}: append fewer events at once, or raise its max_payload`,
    )
  }

  /** Whether the server takes each of them, as large as they are. */
  fits(messages: readonly ConditionalMessage[]): boolean {
    return messages.every((_, index) => this.#fits(messages, index))
  }

  #fits(messages: readonly ConditionalMessage[], index: number): boolean {
    const { maxPayload } = this.#context.link
    const { body } = messages[index] as ConditionalMessage
    const isSmall = body.length * maxBytesOfUnit + maxHeaderBytes <= maxPayload
    return isSmall || payloadSizeOf(messages, index) <= maxPayload
  }

  #stored(firstSequence: number, messages: readonly ConditionalMessage[]): Certainty {
    this.#context.leader.learn(firstSequence + messages.length - 1, messages.at(-1)?.body)
    return { storedAt: firstSequence }
  }

  async #repeat(
    first: PublishOutcome,
    messages: readonly ConditionalMessage[],
    budget: RetryBudget,
  ): Promise<Certainty> {
    let outcome = first
    let wasUnanswered = false
    // Only the first try can be.
    const doubtfulSince = first.kind === 'doubtful' ? performance.now() : undefined
    for (;;) {
      wasUnanswered ||= outcome.kind === 'unknown'
      const doubt = { wasUnanswered, doubtfulSince, deadline: budget.deadline }
      const certainty = await this.#certaintyOf(outcome, messages, doubt)
      if (certainty) return certainty
      if (outcome.kind === 'refused' && !wasUnanswered) throw refusal(outcome, messages)
      if (!(await budget.pause())) throw this.#outOfTime(outcome, messages, doubt)
      // Behind a new connection, the server may take less.
      if (!isInDoubt(doubt)) this.checkSize(messages)
      outcome = await this.#publishAgain(messages, budget, outcome)
    }
  }

  /** Where its time is over before a place is free, the outcome stays what it was `before`. */
  #publishAgain(
    messages: readonly ConditionalMessage[],
    budget: RetryBudget,
    before: PublishOutcome,
  ): Promise<PublishOutcome> {
    const { publisher } = this.#context
    if (messages.length === 1) return publisher.publishAgain(messages)
    return this.#repeated.run(async () =>
      budget.isOver ? before : publisher.publishAgain(messages),
    )
  }

  async #certaintyOf(
    outcome: PublishOutcome,
    messages: readonly ConditionalMessage[],
    doubt: Doubt,
  ): Promise<Certainty | undefined> {
    if (outcome.kind === 'stored') return this.#stored(outcome.firstSequence, messages)
    const isSuperseded = outcome.kind === 'superseded'
    if (!isSuperseded && outcome.kind !== 'doubtful') return undefined
    if (!isInDoubt(doubt)) return 'superseded'
    const isTooLate = await this.#isTooLate(messages, doubt)
    if (isTooLate === undefined) return undefined
    // A leader that was replaced shows less than there is.
    if (isTooLate) await systemClock.sleep(settleMs)
    const found = await this.#lookUp(messages, doubt)
    // Refused for what can't come any more, or isn't there any more.
    if (found === null && isSuperseded && (isTooLate || isSettled(doubt))) return 'superseded'
    return found ?? undefined
  }

  /**
   * Whether one of the guards can't come true any more: then what isn't stored yet never will be. Undefined
   * where the leader can't be asked.
   */
  async #isTooLate(
    messages: readonly ConditionalMessage[],
    doubt: Doubt,
  ): Promise<boolean | undefined> {
    for (const { expectedSubject, expectedSequence } of messages) {
      if (expectedSubject === undefined) continue
      const next = await this.#next(expectedSubject, expectedSequence + 1, doubt)
      if (next === undefined) return undefined
      if (next) return true
    }
    return false
  }

  /**
   * Something stands where one of the messages was to stand: an earlier try of these very messages,
   * or another one, after which they can't come any more. They are stored all or none, so the first
   * place that is taken tells. Null where none is shown, undefined where that is not certain yet or the
   * leader can't be asked.
   */
  async #lookUp(
    messages: readonly ConditionalMessage[],
    doubt: Doubt,
  ): Promise<Certainty | null | undefined> {
    for (const [index, message] of messages.entries()) {
      const { subject, expectedSubject, expectedSequence } = message
      if (expectedSubject !== undefined) continue // others' guards lie on its subject as well
      const next = await this.#next(subject, expectedSequence + 1, doubt)
      if (next === undefined) return undefined
      if (next === null) continue
      if (isThis(next, message)) {
        const storedAt = next.seq - index
        const isWhole = await this.#isWhole(messages, storedAt, doubt).catch(() => false)
        return isWhole ? { storedAt } : undefined
      }
      if (doubt.wasUnanswered && !isWrittenBehind(next, expectedSequence))
        throw this.#unknown(messages, undefined)
      return 'superseded'
    }
    return null
  }

  /**
   * Whether the last of them is there as well: a server that fails in the middle has stored a part of them, and may
   * yet store the rest. What was removed since was there.
   */
  async #isWhole(
    messages: readonly ConditionalMessage[],
    firstSequence: number,
    { deadline }: Doubt,
  ): Promise<boolean> {
    const last = messages.at(-1)
    if (!last || messages.length === 1) return true
    const { leader } = this.#context
    const lastSequence = firstSequence + messages.length - 1
    const found = await leader.at(lastSequence, undefined, deadline)
    if (found) return isThis(found, last)
    return (await leader.lastSequence(undefined, deadline)) >= lastSequence
  }

  #next(
    subject: string,
    fromSequence: number,
    { deadline }: Doubt,
  ): Promise<StoredMessage | null | undefined> {
    const { leader } = this.#context
    return leader.next(subject, fromSequence, undefined, deadline).catch(() => undefined)
  }

  #outOfTime(
    outcome: PublishOutcome,
    messages: readonly ConditionalMessage[],
    doubt: Doubt,
  ): AetherError {
    const { link, retryForMs } = this.#context
    const cause = link.distrust ?? ('cause' in outcome ? outcome.cause : undefined)
    if (isInDoubt(doubt)) return this.#unknown(messages, cause)
    if (link.distrust) return link.distrust
    const where = placeOf(messages)
    if (link.isClosing) return new AetherError('closed', 'the event store was closed', { cause })
    return new AetherError(
      'store-unavailable',
      `the commit to ${where} could not be stored within ${retryForMs} ms${reasonIn(cause)}: nothing was stored`,
      { cause },
    )
  }

  #unknown(messages: readonly ConditionalMessage[], cause: unknown): AetherError {
    const where = placeOf(messages)
    return new AetherError(
      'outcome-unknown',
      `whether the commit to ${where} was stored is unknown${reasonIn(cause)}: repeat it with the same event ids`,
      { cause },
    )
  }
}

function isInDoubt({ wasUnanswered, doubtfulSince }: Doubt): boolean {
  return wasUnanswered || doubtfulSince !== undefined
}

/** Whether a leader that was replaced has noticed it, and nothing went unanswered. */
function isSettled({ wasUnanswered, doubtfulSince = Infinity }: Doubt): boolean {
  return !wasUnanswered && performance.now() - doubtfulSince > settleMs
}

/** What has no id has a body of its own: docs/decisions/0026-commits-without-message-ids.md. */
function isThis({ header, data }: StoredMessage, { id, body }: ConditionalMessage): boolean {
  return id === undefined ? Buffer.from(body).equals(data) : header.get(messageIdHeader) === id
}

/** Where it isn't, something stood in between that was removed or replaced: ours, perhaps. */
function isWrittenBehind({ header }: StoredMessage, sequence: number): boolean {
  return header.get(expectedSequenceHeader) === String(sequence)
}

/** What JetStream says where there is no more room. */
const outOfRoom: ReadonlySet<number> = new Set([
  jetStreamCodes.accountLimitReached,
  jetStreamCodes.insufficientResources,
  jetStreamCodes.insufficientStorage,
  jetStreamCodes.storeFailed,
])

/** Whether any other commit would be refused as well. */
export function meetsAll(outcome: PublishOutcome): boolean {
  return outcome.kind === 'refused' && outcome.code !== undefined && outOfRoom.has(outcome.code)
}

function refusal(
  { code, cause }: PublishOutcome & { readonly kind: 'refused' },
  messages: readonly ConditionalMessage[],
): AetherError {
  const message = `the commit to ${placeOf(messages)} was refused: ${messageOf(cause)}`
  if (code === undefined) return new AetherError('not-permitted', message, { cause })
  if (code === jetStreamCodes.messageTooLarge || code === jetStreamCodes.batchTooLarge)
    return new AetherError('too-large', message, { cause })
  return new WriteRefusedError(`${message}${adviceFor(code)}`, { cause })
}

function adviceFor(code: number): string {
  return outOfRoom.has(code)
    ? ': its disk is full, or a limit is reached; look at the disks of the servers, at max_file_store in their configuration, and at the limits of the account and of the stream'
    : ''
}

function reasonIn(cause: unknown): string {
  return cause === undefined ? '' : ` (${messageOf(cause)})`
}

function placeOf(messages: readonly ConditionalMessage[]): string {
  const withEvents = messages.find(({ expectedSubject }) => expectedSubject === undefined)
  const rest = messages.length === 1 ? '' : ` and ${messages.length - 1} more`
  return `${withEvents?.subject}${rest}`
}
