import { type ActorId, AetherError, type Logger, messageOf } from '../core/index.ts'
import type { BusFilter } from './bus-filter.ts'
import type { BusHandler, BusSubscription, WhenFull } from './event-bus.ts'
import { Ring } from './ring.ts'
import type { Tally } from './tally.ts'
import type { Turns } from './turns.ts'

/** What all subscribers of a bus share. */
export interface BusSurroundings {
  readonly turns: Turns
  readonly tally: Tally
  readonly logger: Logger
}

/** {@link BusSubscribeOptions}, checked. */
export interface SubscriberSettings {
  readonly bufferSize: number
  readonly whenFull: WhenFull
}

/**
 * After how many messages, each of which its handler took a moment for, the event loop comes round: a
 * handler that publishes to itself would never let it.
 */
const maxStreak = 64

/** One subscription: hands its messages to the handler, one after the other, and keeps what waits. */
export class Subscriber<Message> implements BusSubscription {
  readonly filter: BusFilter
  received = 0
  dropped = 0
  errors = 0
  readonly ended: Promise<AetherError | undefined>
  readonly #handler: BusHandler<Message>
  readonly #settings: SubscriberSettings
  readonly #around: BusSurroundings
  readonly #buffer = new Ring<Message>()
  readonly #end: (error: AetherError | undefined) => void
  readonly #onEnd: (() => void)[] = []
  /** How many of the buffer may be handed over in this turn. */
  #released = 0
  #isBusy = false
  #hasEnded = false
  #streak = 0

  constructor(
    filter: BusFilter,
    handler: BusHandler<Message>,
    settings: SubscriberSettings,
    around: BusSurroundings,
  ) {
    this.filter = filter
    this.#handler = handler
    this.#settings = settings
    this.#around = around
    const { promise, resolve } = Promise.withResolvers<AetherError | undefined>()
    this.ended = promise
    this.#end = resolve
    around.tally.subscriptions++
  }

  get waiting(): number {
    return this.#buffer.size
  }

  /** Whether a message that passes by its namespace and type passes by its actor. */
  wants(actorId: ActorId | undefined): boolean {
    const passes = this.filter.passesActor
    return passes === undefined || (actorId !== undefined && passes(actorId))
  }

  /** Takes a message into the buffer, as the last; {@link run} hands it over. */
  offer(message: Message): void {
    if (this.#hasEnded) return
    if (this.#buffer.size >= this.#settings.bufferSize && !this.#makeRoom()) return
    this.#buffer.push(message)
    const { turns } = this.#around
    if (turns.isCalling) turns.hold(this)
    // Where others wait for a later turn, it waits behind them.
    else if (this.#released === this.#buffer.size - 1) this.#released++
  }

  /** Hands over what may be handed over in this turn, as far as the handler takes it at once. */
  run(): void {
    while (this.#released > 0 && !this.#isBusy) {
      this.#released--
      this.#handOver(this.#buffer.shift() as Message)
    }
  }

  /** A later turn has come. */
  release(): void {
    this.#released = this.#buffer.size
    this.run()
  }

  /** Calls when it has ended. */
  onEnd(callback: () => void): void {
    this.#onEnd.push(callback)
  }

  unsubscribe(): void {
    this.end(undefined)
  }

  [Symbol.dispose](): void {
    this.end(undefined)
  }

  end(error: AetherError | undefined): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#buffer.clear()
    this.#released = 0
    this.#around.tally.subscriptions--
    for (const callback of this.#onEnd) callback()
    this.#end(error)
  }

  #makeRoom(): boolean {
    const { bufferSize, whenFull } = this.#settings
    const isKept = whenFull === 'drop-oldest'
    this.#drop(isKept ? 1 : this.#buffer.size + 1)
    if (isKept) {
      this.#buffer.shift()
      if (this.#released > 0) this.#released--
      return true
    }
    const message = `a subscriber of the bus has ${bufferSize} messages waiting: it was unsubscribed`
    this.#around.logger.warn({ bufferSize }, message)
    this.end(new AetherError('overloaded', message))
    return false
  }

  #drop(count: number): void {
    this.dropped += count
    this.#around.tally.dropped += count
  }

  #handOver(message: Message): void {
    this.received++
    this.#around.tally.received++
    this.#isBusy = true
    try {
      const returned = this.#around.turns.call(this.#handler, message)
      if (isThenable(returned)) {
        void this.#wait(returned)
        return
      }
    } catch (thrown) {
      this.#fail(thrown)
    }
    this.#isBusy = false
  }

  async #wait(returned: PromiseLike<unknown>): Promise<void> {
    try {
      await returned
    } catch (thrown) {
      this.#fail(thrown)
    }
    this.#isBusy = false
    if (++this.#streak % maxStreak === 0) this.#around.turns.hold(this)
    else this.run()
  }

  #fail(thrown: unknown): void {
    this.errors++
    this.#around.tally.errors++
    const fields = { error: messageOf(thrown) }
    this.#around.logger.error(fields, 'a subscriber of the bus failed: it stays subscribed')
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value
}
