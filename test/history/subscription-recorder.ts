import { type EventStore, isAetherError } from 'aether'
import type { Given } from './history.ts'

/** Notes down what a subscription gives; after an outage that was too long, it goes on from its checkpoint. */
export class SubscriptionRecorder {
  readonly #store: EventStore
  readonly #name: string
  readonly #record: (given: Given) => void
  readonly #stopped = new AbortController()
  readonly #ended: Promise<void>
  #checkpoint: string
  #position = 0

  constructor(store: EventStore, name: string, record: (given: Given) => void, checkpoint = '0') {
    this.#store = store
    this.#name = name
    this.#record = record
    this.#checkpoint = checkpoint
    this.#ended = this.#run()
  }

  /** Of the last event given. */
  get position(): number {
    return this.#position
  }

  /** @throws what ended the subscription, if it wasn't this. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#ended
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        await this.#follow()
      } catch (error) {
        if (signal.aborted || (isAetherError(error) && error.code === 'store-unavailable')) continue
        throw error
      }
    }
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopped
    const subscription = this.#store.subscribe({ checkpoint: this.#checkpoint, signal })
    for await (const { id, position } of subscription) {
      this.#checkpoint = subscription.checkpoint
      this.#record({
        kind: 'given',
        subscription: this.#name,
        id,
        position,
        checkpoint: this.#checkpoint,
      })
      this.#position = position
    }
  }
}
