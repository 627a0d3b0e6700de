import { messageOf } from '../core/index.ts'
import type { AddressPattern, Broadcast } from '../store/index.ts'
import { Routes } from './routes.ts'
import type { BusSurroundings, Subscriber } from './subscriber.ts'

/** What is read from the others, and where it belongs. */
export interface WireReading<Message> {
  /** @throws Error where it can't be read */
  read(bytes: Uint8Array): readonly Message[]
  namespaceOf(message: Message): string
}

/** One pattern that is listened to, for all who want it. */
interface Interest<Message> {
  readonly routes: Routes<Message>
  readonly listening: Disposable
}

type Deliver<Message> = (subscribers: readonly Subscriber<Message>[], message: Message) => void

/** Those here who hear of what other processes publish. The server is asked for each pattern once. */
export class FarSubscribers<Message extends { readonly type: string }> {
  readonly #broadcast: Broadcast
  readonly #reading: WireReading<Message>
  readonly #around: BusSurroundings
  readonly #deliver: Deliver<Message>
  readonly #interests = new Map<string, Interest<Message>>()
  /** What was read last: it comes once for each pattern that it matches, one after the other. */
  #last: { readonly bytes: Uint8Array; readonly messages: readonly Message[] } | undefined
  #hasTold = false

  constructor(
    broadcast: Broadcast,
    reading: WireReading<Message>,
    around: BusSurroundings,
    deliver: Deliver<Message>,
  ) {
    this.#broadcast = broadcast
    this.#reading = reading
    this.#around = around
    this.#deliver = deliver
  }

  add(subscriber: Subscriber<Message>): void {
    for (const pattern of subscriber.filter.addresses) {
      const key = JSON.stringify(pattern)
      const interest = this.#interests.get(key) ?? this.#listen(key, pattern)
      interest.routes.add(subscriber)
      subscriber.onEnd(() => this.#leave(key, interest, subscriber))
    }
  }

  #listen(key: string, pattern: AddressPattern): Interest<Message> {
    const routes = new Routes<Message>()
    const take = (bytes: Uint8Array): void => this.#take(routes, bytes)
    const interest = { routes, listening: this.#broadcast.listen(pattern, take) }
    this.#interests.set(key, interest)
    return interest
  }

  #leave(key: string, { routes, listening }: Interest<Message>, who: Subscriber<Message>): void {
    routes.remove(who)
    if (!routes.isEmpty) return
    this.#interests.delete(key)
    listening[Symbol.dispose]()
  }

  #take(routes: Routes<Message>, bytes: Uint8Array): void {
    for (const message of this.#read(bytes)) {
      const subscribers = routes.find(this.#reading.namespaceOf(message), message.type)
      this.#deliver(subscribers, message)
    }
  }

  #read(bytes: Uint8Array): readonly Message[] {
    const last = this.#last
    if (last && Buffer.compare(last.bytes, bytes) === 0) return last.messages
    try {
      const messages = this.#reading.read(bytes)
      this.#last = this.#interests.size > 1 ? { bytes, messages } : undefined
      return messages
    } catch (thrown) {
      this.#fail(thrown)
      return []
    }
  }

  #fail(thrown: unknown): void {
    this.#around.tally.errors++
    // Whoever sends this may send much of it.
    if (this.#hasTold) return
    this.#hasTold = true
    this.#around.logger.error(
      { error: messageOf(thrown) },
      'a message of another process cannot be read: it and others like it are left out',
    )
  }
}
