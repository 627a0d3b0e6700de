import type { Msg } from '@nats-io/transport-node'
import { systemClock } from '../../../core/index.ts'
import type { StoredMessage } from './commit-message.ts'
import { directMessageIn, isOfStream } from './direct-message.ts'

/** Gives true for one more, false when nothing of what follows is wanted. */
export type TakeMessage = (message: StoredMessage) => boolean

/** Passes on the answers to one batched direct get, until the first that doesn't follow. */
export class BatchAnswers {
  readonly #inbox: string
  readonly #stream: string
  readonly #take: TakeMessage
  readonly #ended = new AbortController()
  #preceding = 0
  #count = 0
  #isForeign = false

  /** @param inbox where they come to @param stream of which they are to be */
  constructor(inbox: string, stream: string, take: TakeMessage) {
    this.#inbox = inbox
    this.#stream = stream
    this.#take = take
  }

  /** Whether a mirror of the stream answered, of which nothing is passed on. */
  get isForeign(): boolean {
    return this.#isForeign
  }

  /** A status ends the batch, whatever it says. */
  take(answer: Msg): void {
    if (this.#ended.signal.aborted) return
    const message = directMessageIn(answer, this.#inbox)
    // One server answers all of a batch.
    if (message && this.#count === 0) this.#isForeign = !isOfStream(message, this.#stream)
    // A route between servers that breaks and heals may lose messages in the middle of a batch.
    const isNext = message?.preceding === this.#preceding
    if (!message || !isNext || this.#isForeign || !this.#take(message)) {
      this.end()
      return
    }
    this.#preceding = message.seq
    this.#count++
  }

  /** No further answer is waited for. */
  end(): void {
    this.#ended.abort('ended') // without a reason, it would make an error with a stack each time
  }

  /**
   * Resolves when the batch is at its end, or nothing came for so long.
   * @throws the signal's reason.
   */
  async complete(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    const signals = signal ? [signal, this.#ended.signal] : [this.#ended.signal]
    const stop = AbortSignal.any(signals)
    for (let count = -1; count !== this.#count && !stop.aborted;) {
      count = this.#count
      await systemClock.sleep(timeoutMs, stop).catch(() => undefined)
    }
    this.end()
    signal?.throwIfAborted()
  }
}
