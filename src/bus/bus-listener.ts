import type { AetherError } from '../core/index.ts'
import type { BusHandler, BusListener, BusSubscription } from './event-bus.ts'

type Result<Message> = IteratorResult<Message, undefined>

/** A subscription for a loop: its handler gives one message to the loop, and is busy until it is taken. */
export class LoopListener<Message> implements BusListener<Message> {
  readonly #subscription: BusSubscription
  readonly #readers: PromiseWithResolvers<Result<Message>>[] = []
  #offered: { readonly message: Message; readonly taken: () => void } | undefined
  /** What the loop is told when there is no more: once. */
  #failure: { readonly error: unknown } | undefined
  #hasEnded = false

  constructor(
    subscribe: (handler: BusHandler<Message>) => BusSubscription,
    signal: AbortSignal | undefined,
  ) {
    this.#subscription = subscribe((message) => this.#give(message))
    void this.#subscription.ended.then((error) => this.#end(error, signal))
  }

  get received(): number {
    return this.#subscription.received
  }

  get dropped(): number {
    return this.#subscription.dropped
  }

  get errors(): number {
    return this.#subscription.errors
  }

  get waiting(): number {
    return this.#subscription.waiting
  }

  get ended(): Promise<AetherError | undefined> {
    return this.#subscription.ended
  }

  unsubscribe(): void {
    this.#subscription.unsubscribe()
  }

  [Symbol.dispose](): void {
    this.#subscription.unsubscribe()
  }

  async next(): Promise<Result<Message>> {
    const offered = this.#offered
    if (offered && !this.#failure) {
      this.#offered = undefined
      offered.taken()
      return { done: false, value: offered.message }
    }
    if (this.#hasEnded) return this.#last()
    const reader = Promise.withResolvers<Result<Message>>()
    this.#readers.push(reader)
    return reader.promise
  }

  async return(): Promise<Result<Message>> {
    this.#offered = undefined
    this.#subscription.unsubscribe()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  #give(message: Message): Promise<void> | undefined {
    const reader = this.#readers.shift()
    if (reader) {
      reader.resolve({ done: false, value: message })
      return undefined
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#offered = { message, taken: resolve }
    return promise
  }

  #end(error: AetherError | undefined, signal: AbortSignal | undefined): void {
    this.#hasEnded = true
    if (error) this.#failure = { error }
    else if (signal?.aborted) this.#failure = { error: signal.reason }
    for (const reader of this.#readers.splice(0)) reader.resolve(this.#last())
  }

  async #last(): Promise<Result<Message>> {
    const failure = this.#failure
    this.#failure = undefined
    this.#offered = undefined
    if (failure) throw failure.error
    return { done: true, value: undefined }
  }
}
