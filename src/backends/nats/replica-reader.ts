import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'
import type { QueuedIterator, Subscription } from '@nats-io/transport-node'
import type { StoredMessage } from './commit-message.ts'
import { DirectAnswers } from './direct-answers.ts'
import type { NatsLink } from './nats-link.ts'

/** Which messages to fetch: a run of those that match, from a sequence on. */
export interface BatchRequest {
  readonly fromSequence: number
  /** A subject, or a pattern of subjects. */
  readonly subject: string
  readonly maxMessages: number
}

export interface ReplicaReaderContext {
  readonly link: NatsLink
  readonly manager: JetStreamManager
  readonly stream: string
  readonly timeoutMs: number
}

/** After how many bytes a batch ends; one message more than that is held at most. */
const maxBatchBytes = 2 * 1024 * 1024

/** The sequence of the message before in the same batch, 0 in its first: the server's ADR-31. */
const precedingHeader = 'Nats-Last-Sequence'

/**
 * Reads many messages in one round trip from whichever replica answers. Fast, but not to be relied
 * on: the replica may lag behind, and what it knows is always a beginning of what is there.
 */
export class ReplicaReader {
  readonly #link: NatsLink
  readonly #manager: JetStreamManager
  readonly #stream: string
  readonly #subject: string
  readonly #timeoutMs: number

  constructor({ link, manager, stream, timeoutMs }: ReplicaReaderContext) {
    this.#link = link
    this.#manager = manager
    this.#stream = stream
    this.#subject = `$JS.API.DIRECT.GET.${stream}`
    this.#timeoutMs = timeoutMs
  }

  /**
   * What arrived, in order: perhaps nothing, as every failure only ends the batch early.
   * @throws the signal's reason.
   */
  async fetch(request: BatchRequest, signal?: AbortSignal): Promise<readonly StoredMsg[]> {
    signal?.throwIfAborted()
    const messages: StoredMsg[] = []
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    const batch = await this.#begin(request, (message) => {
      if (message) messages.push(message)
      else end()
    })
    if (!batch) return messages
    const stop = (): void => batch.stop()
    const forget = this.#link.onceLost(stop)
    signal?.addEventListener('abort', stop, { once: true })
    await ended
    signal?.removeEventListener('abort', stop)
    forget()
    signal?.throwIfAborted()
    return withoutHoles(messages)
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
    try {
      const subscription = nats.subscribe(`${inbox}.*`, {
        callback: (error, message) => {
          if (error) answers.end()
          else answers.take(Number(message.subject.slice(inbox.length + 1)), message)
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

  /** The client's callback form: its iterator leaves a subscription behind in every call. */
  async #begin(
    { fromSequence, subject, maxMessages }: BatchRequest,
    onMessage: (message: StoredMsg | undefined) => void,
  ): Promise<Pick<QueuedIterator<StoredMsg>, 'stop'> | undefined> {
    try {
      return await this.#manager.direct.getBatch(this.#stream, {
        seq: fromSequence,
        next_by_subj: subject,
        batch: maxMessages,
        max_bytes: maxBatchBytes,
        callback: (done, message) => onMessage(done ? undefined : message),
      })
    } catch {
      return undefined // the connection was closed
    }
  }
}

/** A route between servers that breaks and heals may lose messages in the middle of a batch. */
function withoutHoles(messages: readonly StoredMsg[]): readonly StoredMsg[] {
  const end = messages.findIndex(
    (message, index) =>
      Number(message.header.last(precedingHeader)) !== (messages[index - 1]?.seq ?? 0),
  )
  return end === -1 ? messages : messages.slice(0, end)
}
