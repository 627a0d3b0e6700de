import type { Msg, Subscription } from '@nats-io/transport-node'
import { BatchAnswers, type TakeMessage } from '../commits/batch-answers.ts'
import type { StoredMessage } from '../commits/commit-message.ts'
import { DirectAnswers } from '../commits/direct-answers.ts'
import type { NatsLink } from '../connection/nats-link.ts'

/** Which messages to fetch: a run of those that match, from a sequence on. */
export interface BatchRequest {
  readonly fromSequence: number
  /**
   * A subject, or a pattern of subjects. Without one the server needn't compare: before each batch, it
   * counts over its index of subjects how much there is of a pattern. @default all of the stream
   */
  readonly subject?: string
  readonly maxMessages: number
}

export interface ReplicaReaderContext {
  readonly link: NatsLink
  readonly stream: string
  readonly timeoutMs: number
}

/** After how many bytes a batch ends; one message more than that is held at most. */
const maxBatchBytes = 2 * 1024 * 1024

/**
 * Reads many messages in one round trip from whichever replica answers. Fast, but not to be relied
 * on: the replica may lag behind, and what it knows is always a beginning of what is there.
 */
export class ReplicaReader {
  readonly #link: NatsLink
  readonly #subject: string
  readonly #timeoutMs: number

  constructor({ link, stream, timeoutMs }: ReplicaReaderContext) {
    this.#link = link
    this.#subject = `$JS.API.DIRECT.GET.${stream}`
    this.#timeoutMs = timeoutMs
  }

  /**
   * Hands over what arrives, in order and without holes, until the batch ends or `take` wants no more:
   * perhaps nothing, as every failure only ends the batch early.
   * @throws the signal's reason.
   */
  async fetch(request: BatchRequest, take: TakeMessage, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    const inbox = this.#link.newInbox()
    const answers = new BatchAnswers(inbox, take)
    const forget = this.#link.onceLost(() => answers.end())
    const batch = this.#begin(request, inbox, answers)
    try {
      await answers.complete(this.#timeoutMs, signal)
    } finally {
      forget()
      batch?.unsubscribe()
    }
  }

  /**
   * The messages with these sequences, in their order; nothing for one that could not be had. All are
   * asked for at once, and answered to one inbox: the client's own requests cost four times as much.
   * @throws the signal's reason.
   */
  async at(
    sequences: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly (StoredMessage | undefined)[]> {
    signal?.throwIfAborted()
    const answers = new DirectAnswers(sequences.length)
    const forget = this.#link.onceLost(() => answers.end())
    const ask = this.#ask(sequences, answers)
    try {
      await answers.complete(this.#timeoutMs, signal)
    } finally {
      forget()
      ask?.unsubscribe()
    }
    return answers.messages
  }

  #ask(sequences: readonly number[], answers: DirectAnswers): Subscription | undefined {
    const { nats } = this.#link
    const inbox = this.#link.newInbox()
    const take = (message: Msg): void => {
      const { subject } = message
      answers.take(Number(subject.slice(inbox.length + 1)), message, subject)
    }
    try {
      const subscription = nats.subscribe(`${inbox}.*`, {
        callback: (error, message) => {
          if (error) answers.end()
          else take(message)
        },
      })
      for (const [index, seq] of sequences.entries())
        nats.publish(this.#subject, JSON.stringify({ seq }), { reply: `${inbox}.${index}` })
      return subscription
    } catch {
      answers.end() // the connection was closed
      return undefined
    }
  }

  #begin(
    { fromSequence, subject, maxMessages }: BatchRequest,
    reply: string,
    answers: BatchAnswers,
  ): Subscription | undefined {
    const { nats } = this.#link
    const query = {
      seq: fromSequence,
      next_by_subj: subject, // left out where it's undefined
      batch: maxMessages,
      max_bytes: maxBatchBytes,
    }
    try {
      const subscription = nats.subscribe(reply, {
        callback: (error, message) => {
          if (error) answers.end()
          else answers.take(message)
        },
      })
      nats.publish(this.#subject, JSON.stringify(query), { reply })
      return subscription
    } catch {
      answers.end() // the connection was closed
      return undefined
    }
  }
}
