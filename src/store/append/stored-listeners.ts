import { type Clock, type Logger, messageOf, type StoredEvent } from '../../core/index.ts'

/** Is handed all events of one append, commit or save, once they are stored. */
export type StoredListener = (events: readonly StoredEvent[]) => void

/** One registration: the same function may be there several times. */
interface Registration {
  readonly listener: StoredListener
  isRemoved: boolean
}

/** Those who want to hear of what a store has stored. */
export class StoredListeners {
  readonly #clock: Clock
  readonly #logger: Logger
  /** Never changed in place: whoever is being told goes on with the list it began with. */
  #registrations: readonly Registration[] = []
  /** What is to be told, in order: a listener may store something itself. */
  readonly #untold: (readonly StoredEvent[])[] = []

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock
    this.#logger = logger
  }

  /** It hears of what is stored from now on; added while others are told, of the next. */
  add(listener: StoredListener): Disposable {
    const registration: Registration = { listener, isRemoved: false }
    this.#registrations = [...this.#registrations, registration]
    return {
      [Symbol.dispose]: () => {
        registration.isRemoved = true
        this.#registrations = this.#registrations.filter((each) => each !== registration)
      },
    }
  }

  /** Never throws: what is stored is stored, whatever a listener makes of it. */
  tell(parts: readonly (readonly StoredEvent[])[]): void {
    if (this.#registrations.length === 0) return
    if (this.#untold.push(eventsOf(parts)) > 1) return
    for (let events = this.#untold[0]; events; events = this.#untold[0]) {
      for (const registration of this.#registrations) {
        // One of those before it may have removed it.
        if (!registration.isRemoved) this.#call(registration.listener, events)
      }
      this.#untold.shift()
    }
    // Whoever goes on in this turn takes it that nothing took long since somebody looked.
    this.#clock.monotonic()
  }

  #call(listener: StoredListener, events: readonly StoredEvent[]): void {
    try {
      const returned: unknown = listener(events)
      // The type lets async functions through.
      if (returned instanceof Promise) returned.catch((thrown) => this.#report(thrown, events))
    } catch (thrown) {
      this.#report(thrown, events)
    }
  }

  #report(thrown: unknown, events: readonly StoredEvent[]): void {
    const actorIds = [...new Set(events.map((event) => event.actorId))]
    const position = events.at(-1)?.position
    const message = 'a listener of stored events failed: the events are stored'
    this.#logger.error({ actorIds, position, error: messageOf(thrown) }, message)
  }
}

/** A list that nobody can change; almost always of one part. */
function eventsOf(parts: readonly (readonly StoredEvent[])[]): readonly StoredEvent[] {
  const [first = []] = parts
  return Object.freeze(parts.length > 1 ? parts.flat() : first.slice())
}
