import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'
import type { QueuedIterator } from '@nats-io/transport-node'
import type { NatsLink } from './nats-link.ts'

/** Which messages to fetch: a run of those that match, from a sequence on. */
export interface BatchRequest {
  readonly fromSequence: number
  /** A subject, or a pattern of subjects. */
  readonly subject: string
  readonly maxMessages: number
}

/** After how many bytes a batch ends; one message more than that is held at most. */
const maxBatchBytes = 2 * 1024 * 1024

/**
 * Reads many messages in one round trip from whichever replica answers. Fast, but not to be relied
 * on: the replica may lag behind, and what it knows is always a beginning of what is there.
 */
export class ReplicaReader {
  readonly #link: NatsLink
  readonly #manager: JetStreamManager
  readonly #stream: string

  constructor(link: NatsLink, manager: JetStreamManager, stream: string) {
    this.#link = link
    this.#manager = manager
    this.#stream = stream
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
    return messages
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
