import { type Logger, messageOf, type StoredEvent } from '../../core/index.ts'

/** Is handed all events of one append, commit or save, once they are stored. */
export type StoredListener = (events: readonly StoredEvent[]) => void

/** One registration: the same function may be there several times. */
interface Registration {
  readonly listener: StoredListener
  isRemoved: boolean
}

/** Those who want to hear of what a store has stored. */
export class StoredListeners {
  readonly #logger: Logger
  /** Never changed in place: whoever is being told goes on with the list it began with. */
  #registrations: readonly Registration[] = []

  constructor(logger: Logger) {
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
    const registrations = this.#registrations
    if (registrations.length === 0) return
    const events = Object.freeze(parts.flat())
    for (const registration of registrations) {
      // One of those before it may have removed it.
      if (!registration.isRemoved) this.#call(registration.listener, events)
    }
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
    this.#logger.error(
      { actorIds, position: events.at(-1)?.position, error: messageOf(thrown) },
      'a listener of stored events failed: the events are stored',
    )
  }
}
