import type { ActorId, AetherError, JsonValue, Metadata } from '../core/index.ts'
import type { LogFilter } from '../store/index.ts'

/**
 * **At most once**: who isn't subscribed at that moment, is too slow, or is cut off from the others, never
 * hears of it, and nobody is told. What must not be missed reads the store, by `subscribe` or a
 * projection.
 *
 * Each subscriber gets its messages one after the other, those of one publisher in their order, and each
 * once. Subscribers share the message: it must not be changed.
 */
export interface EventBus extends AsyncDisposable {
  /**
   * Hands a message to all who subscribed, here and in other processes, and waits for none of them. A
   * subscriber here that is idle is called before this returns; one that is busy has it in its buffer. What
   * a subscriber publishes while it is being called is handed out in a later turn of the event loop.
   * @returns the message as it is sent; its data is not copied, so leave it as it is from now on
   * @throws AetherError `invalid-argument`, `invalid-actor-id`, `invalid-json`, `closed`; `too-large`
   * where it doesn't fit the connection to the others: then nobody gets it.
   */
  publish(message: NewBusMessage): BusMessage

  /**
   * Calls the handler for each message, or each stored event, that passes, from now on; those of other
   * processes from about now on, with one server surely from {@link flush} on. A name alone is a filter of this namespace.
   * Added while a message is handed out, it hears from the next one on.
   * @throws AetherError `invalid-argument`, `invalid-actor-id`, `closed`; the signal's reason
   */
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

  /**
   * {@link subscribe}, to be read in a loop: `for await (const message of bus.listen('shop.>'))`. It begins
   * with this call, not with the loop, and buffers what isn't read yet; leaving the loop ends it. The loop
   * throws `overloaded`, `closed` or the signal's reason.
   * @throws as `subscribe`
   */
  listen(filter: string | MessageFilter, options?: BusSubscribeOptions): BusListener<BusMessage>
  listen(filter: StoredFilter, options?: BusSubscribeOptions): BusListener<EventStored>

  /**
   * Resolves when what was published before is on its way to other processes, and the server knows of all
   * who subscribed before. The servers of a cluster tell each other of them a moment later.
   * @throws AetherError `store-unavailable`, `closed`
   */
  flush(): Promise<void>

  /** What has happened so far; a new object each time. */
  readonly counters: BusCounters

  /** Ends all subscriptions; waits for no handler. May be called twice. */
  close(): Promise<void>
}

/** A message of the application. */
export interface BusMessage {
  /** Never given twice. */
  readonly id: string
  /** Parts of letters, digits, `_` and `-`, with dots between them: `shop.orders`. */
  readonly namespace: string
  readonly type: string
  /** Whom it is about. */
  readonly actorId?: ActorId
  /** When it was published, by the publisher's clock: ISO 8601, UTC, milliseconds. */
  readonly time: string
  readonly data: JsonValue
  readonly metadata: Metadata
}

/** A message that is offered to the bus. */
export interface NewBusMessage {
  /** 1 to 16 parts of letters, digits, `_` and `-`, with dots between them, 200 characters at most. */
  readonly namespace: string
  /** 1 to 200 characters. */
  readonly type: string
  /** Whom it is about. @default nobody */
  readonly actorId?: ActorId
  /** What JSON can hold. @default null */
  readonly data?: unknown
  /** @default none */
  readonly metadata?: Metadata
}

/** The notice that an event was stored, without its data: that is in the store. */
export interface EventStored {
  /** Of the event. */
  readonly id: string
  readonly actorId: ActorId
  readonly type: string
  readonly version: number
  readonly position: number
  /** When it was stored. */
  readonly time: string
}

/** Which messages: those that meet every condition given. One without an actor is of no type and key. */
export interface MessageFilter extends LogFilter {
  /** A name, or a pattern: `shop.*` has any one part behind `shop`, `shop.>` one or more. */
  readonly namespace: string
}

/** The notices of stored events: those that meet every condition given. */
export interface StoredFilter extends LogFilter {
  readonly stored: true
}

/** While the promise it gives is pending, the next message waits. What it throws is logged and counted. */
export type BusHandler<Message> = (message: Message) => unknown

/** How to deal with a subscriber that is slow, and when to end. */
export interface BusSubscribeOptions {
  /** How many messages may wait for the handler. @default 1,000 */
  readonly bufferSize?: number
  /**
   * What to do about one more: `'drop-oldest'` throws away what waits longest, and counts it; `'fail'` ends
   * the subscription with `overloaded`. @default 'drop-oldest'
   */
  readonly whenFull?: WhenFull
  /** Ends the subscription. */
  readonly signal?: AbortSignal
}

/** What to do about a message that finds the buffer full. */
export type WhenFull = 'drop-oldest' | 'fail'

/** One who hears of messages. */
export interface BusSubscription extends Disposable {
  /** How many messages the handler was given. */
  readonly received: number
  /** How many were thrown away because too many waited. */
  readonly dropped: number
  /** How often the handler threw or rejected. */
  readonly errors: number
  /** How many are in the buffer. */
  readonly waiting: number
  /**
   * Resolves when it gets no more messages: with the error where nobody asked for that, `overloaded` or
   * `closed`. Never rejects.
   */
  readonly ended: Promise<AetherError | undefined>
  /** The handler isn't called any more; what waits is thrown away. May be called twice. */
  unsubscribe(): void
}

/** A subscription that is read in a loop. */
export interface BusListener<Message>
  extends BusSubscription, AsyncIterableIterator<Message, undefined> {}

/** What a bus has done since it was opened. */
export interface BusCounters {
  /** Messages that were published here, and notices of what was stored here. */
  readonly published: number
  /** How often a subscriber here was given a message. */
  readonly received: number
  /** Who hears at present. */
  readonly subscriptions: number
  /** Handlers that threw or rejected; messages that couldn't be read, sent or listened to. */
  readonly errors: number
  /** Messages thrown away: a subscriber was too slow, or the connection to the others. */
  readonly dropped: number
  /** How often the connection to the others broke: what they published meanwhile was missed. */
  readonly interruptions: number
}
