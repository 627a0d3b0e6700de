import type { ConsumerConfig, JetStreamManager } from '@nats-io/jetstream'
import type { TakeMessage } from '../commits/batch-answers.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import type { ReplicaAnswers } from './commit-feed.ts'
import { PulledMessages } from './pulled-messages.ts'
import type { BatchRequest } from './replica-reader.ts'

export interface LongRunContext {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly manager: JetStreamManager
  readonly replicas: ReplicaAnswers
  readonly stream: string
  readonly timeoutMs: number
}

/** After so long without a request the server forgets the consumer of a process that is gone. */
const inactiveNs = 60_000_000_000
/** What the server sends for one request; a larger message comes by another way. */
const maxMessages = 2_000
const maxBytes = 1024 * 1024

interface Pulling {
  readonly consumer: string
  readonly messages: PulledMessages
}

/**
 * One long read of the stream, by a consumer of its own: a message of a consumer costs the server half of
 * one that is got directly, but the consumer itself a millisecond. It gives the same as the
 * {@link ReplicaReader}, which takes over where the consumer fails, lags or may not be made.
 */
export class LongRun implements ReplicaAnswers, Disposable {
  readonly #context: LongRunContext
  #pulling: Promise<Pulling | undefined> | undefined
  /** What the consumer gives next is behind it. */
  #position = 0
  #isGivenUp = false

  constructor(context: LongRunContext) {
    this.#context = context
  }

  async fetch(request: BatchRequest, take: TakeMessage, signal?: AbortSignal): Promise<void> {
    if (!this.#isGivenUp) {
      this.#pulling ??= this.#begin(request)
      const pulling = await this.#pulling
      const isNext = request.fromSequence === this.#position + 1
      if (pulling && isNext && (await this.#pass(pulling, take, signal))) return
      this.#isGivenUp = true
    }
    await this.#context.replicas.fetch(request, take, signal)
  }

  [Symbol.dispose](): void {
    this.#pulling?.then((pulling) => pulling && this.#end(pulling)).catch(() => undefined)
  }

  async #begin(request: BatchRequest): Promise<Pulling | undefined> {
    const { link, stream } = this.#context
    this.#position = request.fromSequence - 1
    try {
      const consumer = await this.#make(request)
      const messages = new PulledMessages({ link, stream, consumer, maxMessages, maxBytes })
      return { consumer, messages }
    } catch {
      return undefined // the login may not, there are too many, or no connection: it goes without
    }
  }

  async #make({ fromSequence, subject }: BatchRequest): Promise<string> {
    const { library, link, manager, stream } = this.#context
    const { AckPolicy, DeliverPolicy } = library.jetstream
    const config: Partial<ConsumerConfig> = {
      name: shortName(library),
      description: 'Aether: one long read',
      ack_policy: AckPolicy.None,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: fromSequence,
      inactive_threshold: inactiveNs,
      mem_storage: true,
      num_replicas: 1,
      ...(subject !== undefined && { filter_subject: subject }),
    }
    return (await link.attempt(() => manager.consumers.add(stream, config))).name
  }

  /** False where nothing came. */
  async #pass(
    { messages }: Pulling,
    take: TakeMessage,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const arrived = await messages.next(this.#context.timeoutMs, signal)
    for (const message of arrived) {
      if (!take(message)) {
        this.#isGivenUp = true // the consumer doesn't give it a second time
        break
      }
      this.#position = message.seq
    }
    return arrived.length > 0
  }

  /** The server needn't wait until it forgets the consumer; nobody waits for its answer. */
  async #end({ consumer, messages }: Pulling): Promise<void> {
    const { manager, stream } = this.#context
    messages[Symbol.dispose]()
    await manager.consumers.delete(stream, consumer)
  }
}

/**
 * It stands in the subject that acknowledges each message, every byte of which the client looks at twice: at 29
 * letters, a sixteenth of the whole read. Two readers that met under one name would each miss messages, see that,
 * and do without.
 */
function shortName({ transport }: ClientLibrary): string {
  return transport.nuid.next().slice(-8)
}
