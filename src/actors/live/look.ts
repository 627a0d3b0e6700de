import { AetherError } from '../../core/index.ts'
import { type Deadlines, notWaiting, type Timed } from './deadlines.ts'

/** Somebody who reads, and waits for the answer until a moment at most. */
export class Look<Answer> implements Timed {
  readonly deadline: number
  place = notWaiting
  readonly #deadlines: Deadlines
  readonly #signal: AbortSignal | undefined
  readonly #answer = Promise.withResolvers<Answer>()
  #own: AbortController | undefined

  constructor(deadlines: Deadlines, deadline: number, signal: AbortSignal | undefined) {
    this.deadline = deadline
    this.#deadlines = deadlines
    this.#signal = signal
  }

  /** Aborts when nobody waits any more. Made for who asks, as it costs as much as a short look. */
  get signal(): AbortSignal {
    this.#own ??= new AbortController()
    const { signal } = this.#own
    return this.#signal ? AbortSignal.any([this.#signal, signal]) : signal
  }

  /** What the work gives, which begins now. @throws AetherError `timeout`; and what the work throws */
  at(work: (look: this) => Promise<Answer>): Promise<Answer> {
    this.#deadlines.add(this)
    work(this).then(
      (answer) => {
        this.#deadlines.remove(this)
        this.#answer.resolve(answer)
      },
      (reason: unknown) => {
        this.#deadlines.remove(this)
        this.#answer.reject(reason)
      },
    )
    return this.#answer.promise
  }

  expire(): void {
    const reason = new AetherError('timeout', 'what was asked for was not read in time')
    this.#own?.abort(reason)
    this.#answer.reject(reason)
  }
}
