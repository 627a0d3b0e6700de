import {
  AetherError,
  checkActorId,
  checkJson,
  checkMetadata,
  type Clock,
  type IdSource,
  type Logger,
  noMetadata,
  type StoredEvent,
} from '../core/index.ts'
import type { Broadcast, StoredListener } from '../store/index.ts'
import { LoopListener } from './bus-listener.ts'
import { BusFilter } from './bus-filter.ts'
import { Channel } from './channel.ts'
import type {
  BusCounters,
  BusHandler,
  BusListener,
  BusMessage,
  BusSubscribeOptions,
  BusSubscription,
  EventBus,
  EventStored,
  MessageFilter,
  NewBusMessage,
  StoredFilter,
} from './event-bus.ts'
import { FarNodes } from './far-nodes.ts'
import type { WireReading } from './far-subscribers.ts'
import { namespaceParts } from './namespace.ts'
import type { Subscriber } from './subscriber.ts'
import { Tally } from './tally.ts'
import { TimeText } from './time-text.ts'
import { Turns } from './turns.ts'
import { messageIn, noticeOf, noticesIn } from './wire-format.ts'

export interface MessageBusComponents {
  readonly clock: Clock
  readonly ids: IdSource
  readonly logger: Logger
  /** Tells of what is stored here. */
  readonly onStored: (listener: StoredListener) => Disposable
  /** By which the others are reached; without one there are none. */
  readonly broadcast: Broadcast | undefined
  /** Whether the others are told of what is stored here. */
  readonly announceStored: boolean
}

type Given = string | MessageFilter | StoredFilter
type AnyHandler = BusHandler<BusMessage> & BusHandler<EventStored>

/** Notices have no namespace: all stand under this one, which is no name. */
const noNamespace = ''

/** The semantics of the bus: those of one process, and over a {@link Broadcast} those of many. */
export class MessageBus implements EventBus {
  readonly #tally = new Tally()
  readonly #logger: Logger
  readonly #messages: Channel<BusMessage>
  readonly #stored: Channel<EventStored>
  readonly #broadcast: Broadcast | undefined
  readonly #far: FarNodes | undefined
  readonly #announces: boolean
  readonly #onStored: MessageBusComponents['onStored']
  readonly #ids: IdSource
  readonly #time: TimeText
  /** While somebody wants to know what is stored here. */
  #storedListening: Disposable | undefined
  /** What the ids of the messages begin with. */
  #idPrefix: string | undefined
  #idNumber = 0
  #isClosed = false

  constructor(components: MessageBusComponents) {
    const { clock, ids, logger, onStored, broadcast, announceStored } = components
    const around = { turns: new Turns(), tally: this.#tally, logger }
    this.#logger = logger
    this.#messages = new Channel(ofMessages, broadcast, around)
    this.#stored = new Channel(ofNotices, broadcast, around)
    this.#broadcast = broadcast
    this.#far = broadcast && new FarNodes(broadcast, this.#tally)
    this.#announces = broadcast !== undefined && announceStored
    this.#onStored = onStored
    this.#ids = ids
    this.#time = new TimeText(clock)
    if (broadcast) this.#watch(broadcast)
    this.#listenToStore()
  }

  get counters(): BusCounters {
    return this.#tally.counters
  }

  publish(given: NewBusMessage): BusMessage {
    this.#assertOpen()
    const { namespace, type, actorId, data = null } = given
    checkJson(data)
    if (actorId !== undefined) checkActorId(actorId)
    const subscribers = this.#subscribersOf(namespace, type)
    const id = this.#nextId()
    const time = this.#time.now()
    const metadata = given.metadata ? copyOf(given.metadata) : noMetadata
    const message: BusMessage =
      actorId === undefined
        ? { id, namespace, type, time, data, metadata }
        : { id, namespace, type, actorId, time, data, metadata }
    this.#far?.send(message)
    this.#tally.published++
    this.#messages.deliver(subscribers, message)
    return message
  }

  subscribe(
    filter: string | MessageFilter,
    handler: BusHandler<BusMessage>,
    options?: BusSubscribeOptions,
  ): BusSubscription
  subscribe(
    filter: StoredFilter,
    handler: BusHandler<EventStored>,
    options?: BusSubscribeOptions,
  ): BusSubscription
  subscribe(
    filter: Given,
    handler: AnyHandler,
    options: BusSubscribeOptions = {},
  ): BusSubscription {
    return this.#subscribe(filter, handler, options)
  }

  listen(filter: string | MessageFilter, options?: BusSubscribeOptions): BusListener<BusMessage>
  listen(filter: StoredFilter, options?: BusSubscribeOptions): BusListener<EventStored>
  listen(
    filter: Given,
    options: BusSubscribeOptions = {},
  ): BusListener<BusMessage> | BusListener<EventStored> {
    const subscribe = (handler: BusHandler<BusMessage | EventStored>): BusSubscription =>
      this.#subscribe(filter, handler, options)
    return new LoopListener(subscribe, options.signal) as BusListener<BusMessage> &
      BusListener<EventStored>
  }

  async flush(): Promise<void> {
    this.#assertOpen()
    this.#far?.sendNotices()
    await this.#broadcast?.flush()
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#listenToStore()
    this.#far?.sendNotices()
    this.#messages.end(closed())
    this.#stored.end(closed())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #subscribe(
    given: Given,
    handler: AnyHandler,
    options: BusSubscribeOptions,
  ): Subscriber<BusMessage> | Subscriber<EventStored> {
    this.#assertOpen()
    const filter = new BusFilter(given)
    if (!filter.isOfStored) return this.#messages.subscribe(filter, handler, options)
    const subscriber = this.#stored.subscribe(filter, handler, options)
    subscriber.onEnd(() => this.#listenToStore())
    try {
      this.#listenToStore()
    } catch (error) {
      subscriber.unsubscribe() // the store was closed
      throw error
    }
    return subscriber
  }

  /** Costs the store nothing while nobody wants to know. */
  #listenToStore(): void {
    const isWanted = !this.#isClosed && (this.#announces || !this.#stored.isEmpty)
    if (isWanted) {
      this.#storedListening ??= this.#onStored((events) => this.#tellStored(events))
    } else {
      this.#storedListening?.[Symbol.dispose]()
      this.#storedListening = undefined
    }
  }

  #tellStored(events: readonly StoredEvent[]): void {
    this.#tally.published += events.length
    if (this.#announces) this.#far?.tell(events)
    if (this.#stored.isEmpty) return
    for (const event of events) {
      const subscribers = this.#stored.find(noNamespace, event.type)
      if (subscribers.length > 0) this.#stored.deliver(subscribers, noticeOf(event))
    }
  }

  /** Where they are remembered, namespace and type were checked before. */
  #subscribersOf(namespace: string, type: string): readonly Subscriber<BusMessage>[] {
    return this.#messages.known(namespace, type) ?? this.#checkedSubscribersOf(namespace, type)
  }

  #checkedSubscribersOf(namespace: string, type: string): readonly Subscriber<BusMessage>[] {
    namespaceParts(namespace)
    checkType(type)
    return this.#messages.find(namespace, type)
  }

  #watch(broadcast: Broadcast): void {
    const logger = this.#logger
    broadcast.observe({
      interrupted: () => {
        this.#tally.interruptions++
        if (this.#tally.subscriptions > 0)
          logger.warn({}, 'the bus lost its connection: messages of other processes are missed')
      },
      failed: (error) => {
        this.#tally.errors++
        logger.error({ code: error.code, error: error.message }, 'the bus cannot do all it should')
      },
    })
  }

  /** A random id each would cost more than handing the message over. */
  #nextId(): string {
    this.#idPrefix ??= this.#ids()
    return `${this.#idPrefix}-${++this.#idNumber}`
  }

  #assertOpen(): void {
    if (this.#isClosed) throw closed()
  }
}

const ofMessages: WireReading<BusMessage> = {
  read: (bytes) => [messageIn(bytes)],
  namespaceOf: ({ namespace }) => namespace,
}

const ofNotices: WireReading<EventStored> = { read: noticesIn, namespaceOf: () => noNamespace }

function copyOf(metadata: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const copy = { ...metadata }
  checkMetadata(copy)
  return copy
}

/** As of an event. */
function checkType(type: string): void {
  const isText = typeof type === 'string' && type !== '' && type.length <= 200
  if (isText && type.isWellFormed()) return
  throw new AetherError(
    'invalid-argument',
    'the type of a message must be 1 to 200 characters of Unicode text',
  )
}

function closed(): AetherError {
  return new AetherError('closed', 'the bus was closed')
}
