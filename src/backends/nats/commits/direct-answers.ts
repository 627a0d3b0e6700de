import type { Msg } from '@nats-io/transport-node'
import { systemClock } from '../../../core/index.ts'
/** Collects the answers to so many direct gets, which come in any order. */
export class DirectAnswers<T> {
  /** Nothing where none was found. */
  readonly found: (T | undefined)[]
  readonly #read: (answer: Msg) => T | undefined
  readonly #ended = new AbortController()
  #left: number

  constructor(count: number, read: (answer: Msg) => T | undefined) {
    this.#read = read
    this.found = Array.from<undefined>({ length: count })
    this.#left = count
    if (count === 0) this.end()
  }

  take(index: number, answer: Msg): void {
    this.found[index] = this.#read(answer)
    if (--this.#left === 0) this.end()
  }

  /** No further answer is waited for. */
  end(): void {
    this.#ended.abort('ended') // without a reason, it would make an error with a stack each time
  }

  /**
   * Resolves when all answers are there, or no more are waited for.
   * @throws the signal's reason.
   */
  async complete(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const signals = signal ? [signal, this.#ended.signal] : [this.#ended.signal]
    await systemClock.sleep(timeoutMs, AbortSignal.any(signals)).catch(() => undefined)
    signal?.throwIfAborted()
  }
}
