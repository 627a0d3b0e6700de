import type { Consumer, ConsumerMessages } from '@nats-io/jetstream'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf } from '../connection/failure.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { EndLook } from './end-look.ts'

/**
 * How often it is looked without a reason. The consumer goes with the server that kept it, and the client may
 * take long to notice; until then this is what keeps a subscription going.
 */
const pollMs = 1_000

/** What is watched of a stream. */
export interface GrowthWatchOptions {
  /** What is of interest. @default all that is in the stream */
  readonly subjects?: readonly string[]
  /** Where the stream ends: one question each second for all who watch. @default each is woken instead */
  readonly end?: () => Promise<number>
}

interface Waking {
  readonly consumer: Consumer
  readonly messages: ConsumerMessages
}

/**
 * Tells who watches that the stream has grown. One consumer serves all of them, and only while there
 * are any; it brings headers alone, and brings them once a message is stored, not before.
 */
export class GrowthWatch {
  readonly #library: ClientLibrary
  readonly #link: NatsLink
  readonly #stream: string
  readonly #subjects: readonly string[] | undefined
  readonly #end: EndLook | undefined
  readonly #watchers = new Set<(subject?: string) => void>()
  #waking: Promise<Waking> | undefined
  #timer: NodeJS.Timeout | undefined
  /** The login may not make consumers: then nobody has to be told so each second. */
  #isForbidden = false

  constructor(
    library: ClientLibrary,
    link: NatsLink,
    stream: string,
    { subjects, end }: GrowthWatchOptions = {},
  ) {
    this.#library = library
    this.#link = link
    this.#stream = stream
    this.#subjects = subjects
    this.#end = end && new EndLook(end, () => this.#tell())
  }

  /** @param wake takes the subject of the message that came, where it is known */
  async add(wake: (subject?: string) => void): Promise<AsyncDisposable> {
    // Each its own, also where the same function watches twice.
    const watcher = (subject?: string): void => wake(subject)
    this.#watchers.add(watcher)
    this.#timer ??= setInterval(() => this.#poll(), pollMs)
    this.#ensureConsumer()
    // Without the consumer, which is made anew then, the polls go on alone.
    await this.#waking?.catch(() => undefined)
    return { [Symbol.asyncDispose]: () => this.#remove(watcher) }
  }

  #poll(): void {
    this.#ensureConsumer()
    if (this.#end) void this.#end.look()
    else this.#tell()
  }

  #ensureConsumer(): void {
    if (this.#waking || this.#isForbidden) return
    this.#waking = this.#consume()
    this.#waking.catch(() => undefined)
  }

  async #consume(): Promise<Waking> {
    try {
      const waking = await this.#start()
      void this.#followStatus(waking)
      return waking
    } catch (error) {
      this.#waking = undefined
      this.#isForbidden = failureOf(error, this.#library).kind === 'forbidden'
      throw error
    }
  }

  async #start(): Promise<Waking> {
    const { jetstream, DeliverPolicy } = this.#library.jetstream
    const { consumers } = jetstream(this.#link.nats)
    const filter = this.#subjects && { filter_subjects: [...this.#subjects] }
    const options = { headers_only: true, deliver_policy: DeliverPolicy.New, ...filter }
    const consumer = await this.#link.attempt(
      () => consumers.get(this.#stream, options),
      this.#link.closing,
    )
    const messages = await consumer.consume({
      callback: ({ subject }) => this.#tell(subject),
      idle_heartbeat: 1_000,
      expires: 10_000,
    })
    return { consumer, messages }
  }

  /** Leaves a consumer that fell silent: the next poll makes another one. */
  async #followStatus(waking: Waking): Promise<void> {
    for await (const { type } of waking.messages.status()) {
      if (!isSilence.has(type)) continue
      this.#waking = undefined
      await end(waking)
      return
    }
  }

  #tell(subject?: string): void {
    for (const wake of this.#watchers) wake(subject)
  }

  async #remove(watcher: (subject?: string) => void): Promise<void> {
    this.#watchers.delete(watcher)
    if (this.#watchers.size === 0) await this.close()
  }

  /** Whoever watches now is not woken any more. */
  async close(): Promise<void> {
    this.#watchers.clear()
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#end?.forget()
    const waking = await this.#waking?.catch(() => undefined)
    if (this.#watchers.size > 0) return // somebody came meanwhile
    this.#waking = undefined
    if (waking) await end(waking)
  }
}

/**
 * Left to itself, the server would keep the consumer for 5 minutes, and a stream may have 1,000. Nobody
 * waits for the answer: a server that is away has to forget it by itself.
 */
async function end({ consumer, messages }: Waking): Promise<void> {
  await messages.close()
  consumer.delete().catch(() => undefined)
}

const isSilence: ReadonlySet<string> = new Set([
  'heartbeats_missed',
  'consumer_deleted',
  'consumer_not_found',
  'no_responders',
  'ordered_consumer_recreated',
])
