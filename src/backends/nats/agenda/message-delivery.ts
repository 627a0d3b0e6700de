import type { ConsumerMessages, JetStreamManager, JsMsg } from '@nats-io/jetstream'
import {
  type Clock,
  isAetherError,
  type Logger,
  messageOf,
  systemClock,
} from '../../../core/index.ts'
import type { HandOutOptions, TakeEntry } from '../../../store/index.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf, jetStreamCodes } from '../connection/failure.ts'
import { Gate } from '../connection/gate.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { decodeEntry } from './agenda-message.ts'
import type { FoundEntry, KeptEntries } from './kept-entries.ts'

interface Around {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly manager: JetStreamManager
  readonly clock: Clock
  readonly logger: Logger
  readonly entries: KeptEntries
}

interface Settings extends HandOutOptions {
  readonly take: TakeEntry
}

/**
 * How often it is looked whether there is a stream yet, and whether a consumer fell silent. Who puts
 * the first message wakes his own deliveries at once.
 */
const pollMs = 2_000
/** How long to wait for more places than one. */
const momentMs = 5
/** When to try again what the login may not do: each time the server writes it into its log. */
const forbiddenMs = 60_000

/** Takes messages from the queue: one durable consumer a type, shared by all nodes that know the type. */
export class MessageDelivery implements AsyncDisposable {
  readonly #around: Around
  readonly #settings: Settings
  readonly #places: Gate
  readonly #timer: NodeJS.Timeout
  readonly #consuming = new Map<string, Promise<void>>()
  /** The types whose consumers are there. */
  readonly #consumed = new Set<string>()
  readonly #open = new Set<ConsumerMessages>()
  readonly #underWay = new Set<Promise<void>>()
  /** For places. */
  readonly #waiting: (() => void)[] = []
  #isToBegin = false
  #beginning: Promise<void> | undefined
  #isEnded = false
  /** Until then nothing is tried, by the monotonic clock. */
  #restsUntil = 0
  /** What keeps messages in the stream, as it was told. */
  #told: string | undefined

  constructor(around: Around, settings: Settings) {
    this.#around = around
    this.#settings = settings
    this.#places = new Gate(settings.concurrency)
    this.#timer = setInterval(() => this.wake(), pollMs).unref()
    this.wake()
  }

  /** Begins with the types that are not being consumed, if there is anything to consume. */
  wake(): void {
    this.#isToBegin = true
    this.#beginning ??= this.#begin()
  }

  /**
   * What the server has not given to anybody yet. Only of types that are consumed is it asked: it would write
   * of others into its log, where the login may not know.
   */
  async waiting(): Promise<ReadonlyMap<string, number>> {
    const { manager, entries, link } = this.#around
    const { stream } = entries.subjects
    if (!(await entries.isInUse()))
      return new Map(this.#settings.types.map((type) => [type, 0] as const))
    const counts = [...this.#consumed].map(async (type) => {
      const info = await link.attempt(() => manager.consumers.info(stream, consumerOf(type)))
      return [type, info.num_pending] as const
    })
    return new Map(await Promise.all(counts))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnded = true
    clearInterval(this.#timer)
    for (const messages of this.#open) messages.stop()
    await this.#beginning
    await Promise.all(this.#consuming.values())
    await Promise.all(this.#underWay)
  }

  async #begin(): Promise<void> {
    while (this.#isToBegin && !this.#isEnded) {
      this.#isToBegin = false
      try {
        if (await this.#around.entries.isInUse()) this.#consumeAll()
      } catch (error) {
        this.#logFailure(error)
      }
    }
    // In the same turn as the last check, so that no call falls between them.
    this.#beginning = undefined
  }

  #consumeAll(): void {
    if (this.#around.clock.monotonic() < this.#restsUntil) return
    for (const type of this.#settings.types) {
      if (this.#isEnded || this.#consuming.has(type)) continue
      const consuming = this.#consume(type)
        .catch((error: unknown) => this.#tellTrouble(error))
        .finally(() => {
          this.#consuming.delete(type)
          this.#consumed.delete(type)
        })
      this.#consuming.set(type, consuming)
    }
  }

  async #consume(type: string): Promise<void> {
    const { link, library, entries } = this.#around
    const name = await this.#makeConsumer(type)
    const client = library.jetstream.jetstream(link.nats)
    const consumer = await client.consumers.get(entries.subjects.stream, name)
    this.#told = undefined
    this.#consumed.add(type)
    const silence = new AbortController()
    while (!this.#isEnded && !silence.signal.aborted) {
      // Asked for is only what there are places for: what the client would keep for later could not be
      // given back when this ends.
      const messages = await consumer.fetch({
        max_messages: await this.#freePlaces(),
        idle_heartbeat: 2_000,
        expires: 20_000,
      })
      this.#open.add(messages)
      if (this.#isEnded) messages.stop()
      void this.#followStatus(messages, () => silence.abort())
      try {
        for await (const message of messages) this.#accept(message)
      } finally {
        this.#open.delete(messages)
      }
    }
  }

  /**
   * How many there are once half of them are free, or a moment after the first one: to ask for more takes the work
   * of delivering some.
   */
  async #freePlaces(): Promise<number> {
    const { concurrency } = this.#settings
    while (this.#underWay.size >= concurrency) await this.#change()
    if (this.#underWay.size > concurrency / 2) {
      const moment = new AbortController()
      void systemClock.sleep(momentMs).then(() => {
        moment.abort('over') // without a reason, it would make an error with a stack
        this.#tellChange()
      })
      while (this.#underWay.size > concurrency / 2 && !moment.signal.aborted) await this.#change()
    }
    return concurrency - this.#underWay.size
  }

  /** Resolves once a place is free, or time has gone on. */
  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #tellChange(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** What has no place yet when it ends goes back to the others. */
  #accept(message: JsMsg): void {
    const work = this.#places.run(async () => {
      if (this.#isEnded) message.nak()
      else await this.#handle(message)
    })
    this.#underWay.add(work)
    void work.finally(() => {
      this.#underWay.delete(work)
      this.#tellChange()
    })
  }

  async #handle(message: JsMsg): Promise<void> {
    const { clock, entries, logger } = this.#around
    try {
      const found = await this.#entryOf(message)
      if (!found) return message.ack()
      const earlyMs = found.entry.due - clock.now()
      // The server's clock is ahead of ours; or it is a message that is to be tried again later.
      if (earlyMs > 0) return message.nak(earlyMs)
      const next = await this.#settings.take(found.entry)
      const isTick = found.entry.kind === 'reminder'
      if (next || isTick) await entries.settle(found, next)
      // That of a tick may get lost: it comes again, and nothing comes of that.
      if (isTick) message.ack()
      else await acknowledge(message)
    } catch (error) {
      // Its lease ends, and somebody takes it again.
      const { subject } = message
      logger.warn({ subject }, `what came from ${subject} was not settled: ${messageOf(error)}`)
    }
  }

  /** Nothing for the tick of a reminder that was replaced or removed meanwhile. */
  async #entryOf(message: JsMsg): Promise<FoundEntry | undefined> {
    const kept = decodeEntry(message.data)
    if (!this.#around.entries.subjects.isTick(message.subject))
      return { sequence: message.seq, ...kept }
    const found = await this.#around.entries.find(kept.entry)
    return found?.token === kept.token ? found : undefined
  }

  async #makeConsumer(type: string): Promise<string> {
    const { library, manager, entries } = this.#around
    const { subjects } = entries
    const { AckPolicy } = library.jetstream
    const durable_name = consumerOf(type)
    const ack_wait = this.#settings.leaseMs * 1_000_000
    const configuration = {
      durable_name,
      ack_wait,
      ack_policy: AckPolicy.Explicit,
      filter_subjects: [...subjects.delivered(type)],
      // Messages that fail for long must not keep others from being delivered.
      max_ack_pending: -1,
    }
    try {
      await manager.consumers.add(subjects.stream, configuration)
    } catch (error) {
      const failure = failureOf(error, library)
      const isOther =
        failure.kind === 'refused' && failure.code === jetStreamCodes.consumerAlreadyExists
      if (!isOther) throw error
      await manager.consumers.update(subjects.stream, durable_name, { ack_wait })
    }
    return durable_name
  }

  /** Leaves a consumer that fell silent: the next poll begins anew. */
  async #followStatus(messages: ConsumerMessages, leave: () => void): Promise<void> {
    for await (const { type } of messages.status()) {
      if (!isSilence.has(type)) continue
      leave()
      messages.stop()
    }
  }

  /** There are messages, and nobody takes them. What only a person can mend is told, once. */
  #tellTrouble(error: unknown): void {
    const { library, link, logger, clock, entries } = this.#around
    if (this.#isEnded || link.isClosing) return
    const failure = failureOf(error, library)
    const isForbidden = failure.kind === 'forbidden'
    if (isForbidden) this.#restsUntil = clock.monotonic() + forbiddenMs
    const isRefused = failure.kind === 'refused' && failure.code !== jetStreamCodes.streamNotFound
    const hint = isForbidden ? '; natsPermissions() says what the login needs' : ''
    const message = `messages and reminders wait in ${entries.subjects.stream}, nothing is taken from it: ${messageOf(error)}${hint}`
    if ((!isForbidden && !isRefused) || message === this.#told) {
      logger.debug({}, message)
      return
    }
    this.#told = message
    logger.warn({}, message)
  }

  /**
   * It is tried again with the next poll, but for a login that may not even see the stream. What only a person
   * can mend is not kept quiet.
   */
  #logFailure(error: unknown): void {
    const { library, link, logger, entries } = this.#around
    if (this.#isEnded || link.isClosing) return
    if (failureOf(error, library).kind === 'forbidden') clearInterval(this.#timer)
    const message = `nothing is taken from ${entries.subjects.stream} now: ${messageOf(error)}`
    if (!isAetherError(error) || message === this.#told) return logger.debug({}, message)
    this.#told = message
    logger.warn({}, message)
  }
}

const isSilence: ReadonlySet<string> = new Set([
  'heartbeats_missed',
  'consumer_deleted',
  'consumer_not_found',
  'stream_not_found',
  'no_responders',
])

/** All nodes share it. */
function consumerOf(type: string): string {
  return `deliver-${type}`
}

/** If nobody hears of it the message comes again, and is the command that was executed. */
async function acknowledge(message: JsMsg): Promise<void> {
  await message.ackAck().catch(() => undefined)
}
