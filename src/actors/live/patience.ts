import { AetherError } from '../../core/index.ts'
import { type Deadlines, notWaiting, type Timed } from './deadlines.ts'

/** How long somebody waits: for what nobody has to take back, or from {@link begin} on for what nobody can. */
export class Patience implements Timed, Disposable {
  readonly deadline: number
  place = notWaiting
  readonly #deadlines: Deadlines
  readonly #signal: AbortSignal | undefined
  readonly #own = new AbortController()
  readonly #lost = Promise.withResolvers<never>()
  #hasBegun = false

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

  /** Aborts when it is over: with the caller's reason, `timeout` or `outcome-unknown`. */
  get signal(): AbortSignal {
    return this.#own.signal
  }

  /** The promise, or the end of patience. */
  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#lost.promise])
  }

  /**
   * What is waited for begins, and goes on to its end: it can't be taken back any more, and of what isn't
   * done in time nobody knows the outcome.
   * @throws what ended the patience, where it is over
   */
  begin(): void {
    this.#own.signal.throwIfAborted()
    this.#hasBegun = true
    this.#signal?.removeEventListener('abort', this.#give)
  }

  expire(): void {
    this.#end(this.#hasBegun ? outcomeUnknown() : inVain())
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

function inVain(): AetherError {
  const message = 'what was asked for could not be begun in time: it did nothing'
  return new AetherError('timeout', message)
}

function outcomeUnknown(): AetherError {
  const message =
    'the command was not finished in time: repeat it with the same command id, or ask what became of it (node.outcome)'
  return new AetherError('outcome-unknown', message)
}
