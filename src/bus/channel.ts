import type { ActorId, AetherError } from '../core/index.ts'
import type { Broadcast } from '../store/index.ts'
import type { BusFilter } from './bus-filter.ts'
import type { BusHandler, BusSubscribeOptions } from './event-bus.ts'
import { FarSubscribers, type WireReading } from './far-subscribers.ts'
import { Routes } from './routes.ts'
import { type BusSurroundings, Subscriber } from './subscriber.ts'
import { settingsOf } from './subscriber-settings.ts'

/** By which a message is told from others. */
export interface Addressed {
  readonly type: string
  readonly actorId?: ActorId
}

/** Messages of one kind, and those who want them: from here, and from the other processes if there are any. */
export class Channel<Message extends Addressed> {
  readonly #near = new Routes<Message>()
  readonly #far: FarSubscribers<Message> | undefined
  readonly #around: BusSurroundings
  readonly #deliver = (subscribers: readonly Subscriber<Message>[], message: Message): void =>
    this.deliver(subscribers, message)

  constructor(
    reading: WireReading<Message>,
    broadcast: Broadcast | undefined,
    around: BusSurroundings,
  ) {
    this.#around = around
    this.#far = broadcast && new FarSubscribers(broadcast, reading, around, this.#deliver)
  }

  get isEmpty(): boolean {
    return this.#near.isEmpty
  }

  /** Who of this process may want what has this namespace and type. */
  find(namespace: string, type: string): readonly Subscriber<Message>[] {
    return this.#near.find(namespace, type)
  }

  /** {@link find}, where they were found before. */
  known(namespace: string, type: string): readonly Subscriber<Message>[] | undefined {
    return this.#near.known(namespace, type)
  }

  /** Hands it to those of the list who want it, by its actor too: all have it before one is called. */
  deliver(subscribers: readonly Subscriber<Message>[], message: Message): void {
    for (const subscriber of subscribers)
      if (subscriber.wants(message.actorId)) subscriber.offer(message)
    if (this.#around.turns.isCalling) return
    for (const subscriber of subscribers) subscriber.run()
  }

  /** @throws AetherError `invalid-argument`; the signal's reason */
  subscribe(
    filter: BusFilter,
    handler: BusHandler<Message>,
    options: BusSubscribeOptions,
  ): Subscriber<Message> {
    const { signal } = options
    const settings = settingsOf(options)
    signal?.throwIfAborted()
    const subscriber = new Subscriber<Message>(filter, handler, settings, this.#around)
    const abort = (): void => subscriber.unsubscribe()
    signal?.addEventListener('abort', abort, { once: true })
    subscriber.onEnd(() => {
      signal?.removeEventListener('abort', abort)
      this.#near.remove(subscriber)
    })
    this.#near.add(subscriber)
    try {
      this.#far?.add(subscriber)
    } catch (error) {
      subscriber.unsubscribe()
      throw error
    }
    return subscriber
  }

  /** Ends all subscriptions. */
  end(error: AetherError): void {
    for (const subscriber of this.#near.all) subscriber.end(error)
  }
}
