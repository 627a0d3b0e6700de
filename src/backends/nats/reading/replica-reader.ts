import type { Msg, Subscription } from '@nats-io/transport-node'
import { BatchAnswers, type TakeMessage } from '../commits/batch-answers.ts'
import type { StoredMessage } from '../commits/commit-message.ts'
import { DirectAnswers } from '../commits/direct-answers.ts'
import {
  directBodyIn,
  type DirectMessage,
  directMessageIn,
  isOfStream,
} from '../commits/direct-message.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'

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
  readonly inbox: SharedInbox
  readonly stream: string
  readonly timeoutMs: number
}

/** How often a batch is asked for that mirrors answer: the server chooses anew each time, or has nobody else near it. */
const maxTries = 4

/** After how many bytes a batch ends; one message more than that is held at most. */
const maxBatchBytes = 2 * 1024 * 1024

/**
 * Reads many messages in one round trip from whichever replica answers. Fast, but not to be relied
 * on: the replica may lag behind, and what it knows is always a beginning of what is there.
 */
export class ReplicaReader {
  readonly #link: NatsLink
  readonly #inbox: SharedInbox
  readonly #stream: string
  readonly #subject: string
  readonly #timeoutMs: number

  constructor({ link, inbox, stream, timeoutMs }: ReplicaReaderContext) {
    this.#link = link
    this.#inbox = inbox
    this.#stream = stream
    this.#subject = `$JS.API.DIRECT.GET.${stream}`
    this.#timeoutMs = timeoutMs
  }

  /**
   * Hands over what arrives, in order and without holes, until the batch ends or `take` wants no more:
   * perhaps nothing, as every failure only ends the batch early.
   * @throws the signal's reason.
   */
  async fetch(request: BatchRequest, take: TakeMessage, signal?: AbortSignal): Promise<void> {
    for (let triesLeft = maxTries; triesLeft > 0; triesLeft--) {
      signal?.throwIfAborted()
      if (!this.#link.isConnected) return // or to a server that isn't believed yet
      const { isForeign } = await this.#fetchOnce(request, take, signal)
      if (!isForeign) return
    }
  }

  async #fetchOnce(
    request: BatchRequest,
    take: TakeMessage,
    signal: AbortSignal | undefined,
  ): Promise<BatchAnswers> {
    const inbox = this.#link.newInbox()
    const answers = new BatchAnswers(inbox, this.#stream, take)
    const forget = this.#link.onceLost(() => answers.end())
    const batch = this.#begin(request, inbox, answers)
    try {
      await answers.complete(this.#timeoutMs, signal)
    } finally {
      forget()
      batch?.unsubscribe()
    }
    return answers
  }

  /**
   * The messages with these sequences, in their order; nothing for one that could not be had. All are
   * asked for at once, and answered to the inbox that is there: to make one for them and to end it, the
   * server looks through all subjects that it remembers, which cost it four times as much as ten messages.
   * @throws the signal's reason.
   */
  async at(
    sequences: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly (StoredMessage | undefined)[]> {
    const read = (answer: Msg): DirectMessage | undefined => directMessageIn(answer, answer.subject)
    const found = await this.#get(sequences.map(queryFor), read, signal)
    const ours = found.filter((message) => isOfStream(message, this.#stream))
    const bySequence = new Map(ours.map((message) => [message.seq, message]))
    return sequences.map((sequence) => bySequence.get(sequence))
  }

  /**
   * The bodies of these messages, as far as they could be had, in any order: without headers they don't
   * tell which ones they are. To put its own behind those of a message is half of what that costs the
   * server.
   */
  bodies(sequences: readonly number[], signal?: AbortSignal): Promise<readonly Uint8Array[]> {
    return this.#get(sequences.map(queryForBody), directBodyIn, signal)
  }

  async #get<T>(
    queries: readonly Uint8Array[],
    read: (answer: Msg) => T | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly T[]> {
    signal?.throwIfAborted()
    const answers = new DirectAnswers(queries.length, read)
    const requests = { subject: this.#subject, bodies: queries }
    const forget = this.#inbox.sendAll(requests, (answer) => {
      if (answer.kind === 'answered') answers.take(answer.message)
      else answers.end()
    })
    const end = (): void => answers.end()
    signal?.addEventListener('abort', end, { once: true })
    await answers.complete
    signal?.removeEventListener('abort', end)
    forget()
    signal?.throwIfAborted()
    return answers.found
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

function queryFor(seq: number): Uint8Array {
  return Buffer.from(`{"seq":${seq}}`)
}

/** Servers before 2.12 don't know it, and send the headers as well. */
function queryForBody(seq: number): Uint8Array {
  return Buffer.from(`{"seq":${seq},"no_hdr":true}`)
}
