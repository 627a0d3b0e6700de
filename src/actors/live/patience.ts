import { AetherError } from '../../core/index.ts'
import { type Deadlines, notWaiting, type Timed } from './deadlines.ts'

/** How long somebody waits for something that nobody has to take back. */
export class Patience implements Timed, Disposable {
  readonly deadline: number
  place = notWaiting
  readonly #deadlines: Deadlines
  readonly #signal: AbortSignal | undefined
  readonly #own = new AbortController()
  readonly #lost = Promise.withResolvers<never>()

  /** Lasts until the deadline, or until the caller's signal aborts. */
  constructor(deadlines: Deadlines, deadline: number, signal: AbortSignal | undefined) {
    signal?.throwIfAborted()
    this.deadline = deadline
    this.#deadlines = deadlines
    this.#signal = signal
    this.#lost.promise.catch(() => undefined)
    signal?.addEventListener('abort', this.#give, { once: true })
    deadlines.add(this)
  }

  /** Aborts when it is over: with the caller's reason, or with `timeout`. */
  get signal(): AbortSignal {
    return this.#own.signal
  }

  /** The promise, or the end of patience. */
  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#lost.promise])
  }

  expire(): void {
    const message = 'the command could not be started in time: it did nothing'
    this.#end(new AetherError('timeout', message))
  }

  [Symbol.dispose](): void {
    this.#deadlines.remove(this)
    this.#signal?.removeEventListener('abort', this.#give)
  }

  readonly #give = (): void => this.#end(this.#signal?.reason)

  #end(reason: unknown): void {
    this.#deadlines.remove(this)
    this.#own.abort(reason)
    this.#lost.reject(reason)
  }
}
