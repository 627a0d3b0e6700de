import { type Clock, WriteRefusedError } from '../core/index.ts'
import type { StoreObserver } from '../store/index.ts'

/** For how long a refusal counts without another one: who is sent no work for it would never see it end. */
const countsForMs = 60_000

/**
 * Knows whether the store takes writes, by those that there were. One that can't be reached is no matter of
 * it: whoever asks the store sees that.
 */
export class WriteWatch implements StoreObserver {
  readonly #observer: StoreObserver
  readonly #clock: Clock
  #refused: { readonly error: WriteRefusedError; readonly at: number } | undefined

  /** Tells the observer all that it's told. */
  constructor(observer: StoreObserver, clock: Clock) {
    this.#observer = observer
    this.#clock = clock
  }

  /** Why the last write was refused, within the last minute. */
  get refusal(): WriteRefusedError | undefined {
    const { error, at } = this.#refused ?? {}
    return at !== undefined && this.#clock.monotonic() - at < countsForMs ? error : undefined
  }

  stored(...told: Parameters<StoreObserver['stored']>): void {
    this.#refused = undefined
    this.#observer.stored(...told)
  }

  conflicted(...told: Parameters<StoreObserver['conflicted']>): void {
    this.#observer.conflicted(...told)
  }

  failed(error: unknown, ms: number): void {
    if (error instanceof WriteRefusedError) this.#refused = { error, at: this.#clock.monotonic() }
    this.#observer.failed(error, ms)
  }

  following(): Disposable {
    return this.#observer.following()
  }
}
