import { AetherError, messageOf } from '../../core/index.ts'
import { messageIdHeader } from './commit-message.ts'
import {
  type ConditionalMessage,
  type ConditionalPublisher,
  payloadSizeOf,
  type PublishOutcome,
} from './conditional-publisher.ts'
import { jetStreamCodes } from './failure.ts'
import type { NatsLink } from './nats-link.ts'
import { RetryBudget } from './retry-budget.ts'
import type { StreamLeader } from './stream-leader.ts'

export interface CommitPublisherContext {
  readonly publisher: ConditionalPublisher
  readonly leader: StreamLeader
  readonly link: NatsLink
  readonly retryForMs: number
}

/** What is certain in the end: where it is stored, or that it never will be. */
export type Certainty = { readonly storedAt: number } | 'superseded'

/** Publishes a message until it is certain what became of it. */
export class CommitPublisher {
  readonly #context: CommitPublisherContext

  constructor(context: CommitPublisherContext) {
    this.#context = context
  }

  /**
   * Repeats the identical message, which is safe: its expectation can come true only once.
   * @throws AetherError `too-large`; `store-unavailable`, `incompatible-store` and `closed`, where
   * nothing was stored; `outcome-unknown` where a try went unanswered and time ran out.
   */
  async publish(message: ConditionalMessage): Promise<Certainty> {
    const { publisher, link, retryForMs } = this.#context
    this.#checkSize(message)
    const budget = new RetryBudget(link, retryForMs)
    let wasUnanswered = false
    for (;;) {
      const outcome = await publisher.publish(message)
      const certainty = await this.#certaintyOf(outcome, message, wasUnanswered)
      if (certainty) return certainty
      wasUnanswered ||= outcome.kind === 'unknown'
      if (outcome.kind === 'refused' && !wasUnanswered) throw refusal(outcome, message)
      if (!(await budget.pause())) throw this.#outOfTime(outcome, message, wasUnanswered)
    }
  }

  async #certaintyOf(
    outcome: PublishOutcome,
    message: ConditionalMessage,
    wasUnanswered: boolean,
  ): Promise<Certainty | undefined> {
    if (outcome.kind === 'stored') return { storedAt: outcome.sequence }
    if (outcome.kind !== 'superseded') return undefined
    return wasUnanswered ? this.#lookUp(message) : 'superseded'
  }

  /**
   * Something stands behind the expected message: an earlier try of this very message, or another
   * one, after which this one can't come any more.
   */
  async #lookUp(message: ConditionalMessage): Promise<Certainty | undefined> {
    const { subject, expectedSequence, id } = message
    try {
      const next = await this.#context.leader.next(subject, expectedSequence + 1)
      // A leader that was replaced and doesn't know it yet shows less than there is.
      if (!next) return undefined
      return next.header.get(messageIdHeader) === id ? { storedAt: next.seq } : 'superseded'
    } catch {
      return undefined // the leader can't be asked: it stays unknown
    }
  }

  #checkSize(message: ConditionalMessage): void {
    const bytes = payloadSizeOf(message)
    const { maxPayload } = this.#context.link
    if (bytes <= maxPayload) return
    throw new AetherError(
      'too-large',
      `a commit to ${message.subject} has ${bytes} bytes, and the server takes at most ${maxPayload}: append fewer events at once, or raise its max_payload`,
    )
  }

  #outOfTime(
    outcome: PublishOutcome,
    { subject }: ConditionalMessage,
    wasUnanswered: boolean,
  ): AetherError {
    const { link, retryForMs } = this.#context
    const cause = 'cause' in outcome ? outcome.cause : undefined
    const reason = cause === undefined ? '' : ` (${messageOf(cause)})`
    if (wasUnanswered) {
      return new AetherError(
        'outcome-unknown',
        `whether the commit to ${subject} was stored is unknown${reason}: repeat it with the same event ids`,
        { cause },
      )
    }
    if (link.isClosing) return new AetherError('closed', 'the event store was closed', { cause })
    return new AetherError(
      'store-unavailable',
      `the commit to ${subject} could not be stored within ${retryForMs} ms${reason}: nothing was stored`,
      { cause },
    )
  }
}

function refusal(
  { code, cause }: PublishOutcome & { readonly kind: 'refused' },
  { subject }: ConditionalMessage,
): AetherError {
  const message = `the commit to ${subject} was refused: ${messageOf(cause)}`
  if (code === undefined) return new AetherError('incompatible-store', message, { cause })
  if (code === jetStreamCodes.messageTooLarge)
    return new AetherError('too-large', message, { cause })
  return new AetherError('store-unavailable', message, { cause })
}
