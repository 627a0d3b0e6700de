import type { ConsumerMessages } from '@nats-io/jetstream'
import type { ClientLibrary } from './client-library.ts'
import type { NatsLink } from './nats-link.ts'

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

  constructor(library: ClientLibrary, link: NatsLink, stream: string) {
    this.#library = library
    this.#link = link
    this.#stream = stream
  }

  async add(wake: () => void): Promise<AsyncDisposable> {
    // Each its own, also where the same function watches twice.
    const watcher = (): void => wake()
    this.#watchers.add(watcher)
    this.#messages ??= this.#consume()
    try {
      await this.#messages
    } catch (error) {
      await this.#remove(watcher)
      throw error
    }
    return { [Symbol.asyncDispose]: () => this.#remove(watcher) }
  }

  async #consume(): Promise<ConsumerMessages> {
    const { jetstream, DeliverPolicy } = this.#library.jetstream
    const consumer = await jetstream(this.#link.nats).consumers.get(this.#stream, {
      headers_only: true,
      deliver_policy: DeliverPolicy.New,
    })
    const messages = await consumer.consume({
      callback: () => this.#tell(),
      // So a consumer that went with its server is missed within two seconds, and made anew.
      idle_heartbeat: 1_000,
      expires: 10_000,
    })
    void this.#followStatus(messages)
    return messages
  }

  /** After an outage the client makes the consumer anew: what was stored meanwhile has no message. */
  async #followStatus(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) if (isRenewal.has(type)) this.#tell()
  }

  #tell(): void {
    for (const wake of this.#watchers) wake()
  }

  async #remove(watcher: () => void): Promise<void> {
    this.#watchers.delete(watcher)
    if (this.#watchers.size > 0) return
    const messages = this.#messages
    this.#messages = undefined
    await end(messages)
  }
}

const isRenewal: ReadonlySet<string> = new Set(['ordered_consumer_recreated', 'reset'])

async function end(messages: Promise<ConsumerMessages> | undefined): Promise<void> {
  const opened = await messages?.catch(() => undefined)
  await opened?.close()
}
