import { type Clock, type Logger, messageOf } from '../../core/index.ts'
import { pauseAfter } from '../definition/reader-options.ts'
import type { Bell } from './bell.ts'
import type { ReaderName, ReaderObserver } from './reader-observer.ts'

/** Whether a reader works, and how. */
export type ReaderState = 'catching-up' | 'live' | 'stuck' | 'failed'

interface Around {
  readonly name: ReaderName
  readonly clock: Clock
  readonly logger: Logger
  readonly observer: ReaderObserver
  /** Wakes the reader. */
  readonly bell: Bell
  /** Is told of each change. */
  readonly onProgress: () => void
}

/** The first pause after something other than a handler failed. */
const firstPauseMs = 200

/** How a reader is doing: what can't go on says so, once, rests, and says so when it goes on. */
export class ReaderCondition {
  readonly #around: Around
  #state: ReaderState = 'catching-up'
  #error: unknown
  #failures = 0

  constructor(around: Around) {
    this.#around = around
  }

  get state(): ReaderState {
    return this.#state
  }

  /** Why it failed, as long as it does. */
  get error(): unknown {
    return this.#error
  }

  /**
   * It can't go on: rests, longer each time. Whatever fails is tried again for ever, and never in silence.
   * @param isOver whether something else is to be done, asked whenever the bell rings
   */
  async rest(error: unknown, isOver: () => boolean): Promise<void> {
    const { clock, bell } = this.#around
    this.#failures++
    if (this.#state !== 'failed') this.#tellFailure(error)
    this.#set('failed', error)
    const until = clock.monotonic() + pauseAfter(this.#failures, firstPauseMs)
    // Events that come meanwhile ring, too.
    for (let ms = until - clock.monotonic(); ms > 0; ms = until - clock.monotonic()) {
      await bell.wait(ms)
      if (isOver()) return
    }
  }

  /** It has got to the end of the log. */
  settle(): void {
    if (this.#state === 'live') return
    if (this.#failures > 0) {
      const { name, logger, observer } = this.#around
      logger.info({ ...name }, `the ${name.kind} ${name.name} goes on`)
      observer.recovered?.(name)
    }
    this.#failures = 0
    this.#set('live')
  }

  #tellFailure(error: unknown): void {
    const { name, logger, observer } = this.#around
    const message = `the ${name.kind} ${name.name} can't go on: ${messageOf(error)}`
    logger.error({ ...name }, message)
    observer.failed?.(name, error)
  }

  #set(state: ReaderState, error?: unknown): void {
    this.#state = state
    this.#error = error
    this.#around.onProgress()
  }
}
