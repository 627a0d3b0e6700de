import type { Subscriber } from './subscriber.ts'

/** Of how many namespaces and types the subscribers are remembered. */
const maxRoutes = 10_000

/** Who wants messages of a namespace and a type: found once, and remembered until somebody comes or goes. */
export class Routes<Message> {
  readonly #found = new Map<string, Map<string, readonly Subscriber<Message>[]>>()
  #foundCount = 0
  /** In the order of their coming. */
  #subscribers: readonly Subscriber<Message>[] = []

  get all(): readonly Subscriber<Message>[] {
    return this.#subscribers
  }

  get isEmpty(): boolean {
    return this.#subscribers.length === 0
  }

  add(subscriber: Subscriber<Message>): void {
    this.#subscribers = [...this.#subscribers, subscriber]
    this.#forget()
  }

  remove(subscriber: Subscriber<Message>): void {
    this.#subscribers = this.#subscribers.filter((each) => each !== subscriber)
    this.#forget()
  }

  /** A list that is never changed in place: who goes through it goes on with what it began with. */
  find(namespace: string, type: string): readonly Subscriber<Message>[] {
    return this.known(namespace, type) ?? this.#look(namespace, type)
  }

  /** {@link find}, where they were found before. */
  known(namespace: string, type: string): readonly Subscriber<Message>[] | undefined {
    return this.#found.get(namespace)?.get(type)
  }

  #look(namespace: string, type: string): readonly Subscriber<Message>[] {
    const subscribers = this.#subscribers.filter(({ filter }) => filter.passes(namespace, type))
    if (this.#foundCount++ >= maxRoutes) this.#forget()
    const ofNamespace = this.#found.get(namespace)
    if (ofNamespace) ofNamespace.set(type, subscribers)
    else this.#found.set(namespace, new Map([[type, subscribers]]))
    return subscribers
  }

  #forget(): void {
    this.#found.clear()
    this.#foundCount = 0
  }
}
