import type { Msg } from '@nats-io/transport-node'

/** Collects the answers to so many direct gets, which come in any order. */
export class DirectAnswers<T> {
  /** In the order in which they came: not as many as were asked for, where some weren't found. */
  readonly found: T[] = []
  /** Resolves when all answers are there, or no more are waited for. */
  readonly complete: Promise<void>
  readonly #read: (answer: Msg) => T | undefined
  readonly #complete: () => void
  #left: number

  constructor(count: number, read: (answer: Msg) => T | undefined) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.complete = promise
    this.#complete = resolve
    this.#read = read
    this.#left = count
    if (count === 0) this.end()
  }

  take(answer: Msg): void {
    const found = this.#read(answer)
    if (found !== undefined) this.found.push(found)
    if (--this.#left === 0) this.end()
  }

  /** No further answer is waited for. */
  end(): void {
    this.#complete()
  }
}
