import type { ConsumerMessages } from '@nats-io/jetstream'
import type { ClientLibrary } from './client-library.ts'
import type { NatsLink } from './nats-link.ts'

/**
 * How often watchers are woken without a reason. The consumer goes with the server that kept it, and
 * the client may take long to notice; until then this is what keeps a subscription going.
 */
const pollMs = 1_000

/**
 * Tells who watches that the stream has grown. One consumer serves all of them, and only while there
 * are any; it brings headers alone, and brings them once a message is stored, not before.
 */
export class GrowthWatch {
  readonly #library: ClientLibrary
  readonly #link: NatsLink
  readonly #stream: string
  readonly #watchers = new Set<() => void>()
  #messages: Promise<ConsumerMessages> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(library: ClientLibrary, link: NatsLink, stream: string) {
    this.#library = library
    this.#link = link
    this.#stream = stream
  }

  async add(wake: () => void): Promise<AsyncDisposable> {
    // Each its own, also where the same function watches twice.
    const watcher = (): void => wake()
    this.#watchers.add(watcher)
    this.#timer ??= setInterval(() => this.#poll(), pollMs)
    this.#messages ??= this.#consume()
    // Without the consumer, which is made anew then, the polls go on alone.
    await this.#messages.catch(() => undefined)
    return { [Symbol.asyncDispose]: () => this.#remove(watcher) }
  }

  #poll(): void {
    if (!this.#messages) {
      this.#messages = this.#consume()
      this.#messages.catch(() => undefined)
    }
    this.#tell()
  }

  async #consume(): Promise<ConsumerMessages> {
    try {
      const messages = await this.#start()
      void this.#followStatus(messages)
      return messages
    } catch (error) {
      this.#messages = undefined
      throw error
    }
  }

  async #start(): Promise<ConsumerMessages> {
    const { jetstream, DeliverPolicy } = this.#library.jetstream
    const consumer = await jetstream(this.#link.nats).consumers.get(this.#stream, {
      headers_only: true,
      deliver_policy: DeliverPolicy.New,
    })
    return consumer.consume({
      callback: () => this.#tell(),
      idle_heartbeat: 1_000,
      expires: 10_000,
    })
  }

  /** Leaves a consumer that fell silent: the next poll makes another one. */
  async #followStatus(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (!isSilence.has(type)) continue
      this.#messages = undefined
      await messages.close()
      return
    }
  }

  #tell(): void {
    for (const wake of this.#watchers) wake()
  }

  async #remove(watcher: () => void): Promise<void> {
    this.#watchers.delete(watcher)
    if (this.#watchers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    const messages = this.#messages
    this.#messages = undefined
    await (await messages?.catch(() => undefined))?.close()
  }
}

const isSilence: ReadonlySet<string> = new Set([
  'heartbeats_missed',
  'consumer_deleted',
  'consumer_not_found',
  'no_responders',
  'ordered_consumer_recreated',
])
