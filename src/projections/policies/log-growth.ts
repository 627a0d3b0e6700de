import type { Clock } from '../../core/index.ts'

/** How often the log is read at most while nothing but what this node stored itself is known to be new. */
const ownReadMs = 25

/** What is known of how the log has grown since it was read last: when it has to be read again. */
export class LogGrowth {
  readonly #clock: Clock
  #hasGrown = true
  /** Whether this node has stored something that was taken in already, and something that was not. */
  #hasOwn = false
  #hasMissed = false
  #isAwaited = false
  #lastRead = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** There may be something to read. */
  tell(): void {
    this.#hasGrown = true
  }

  /** This node has stored something. */
  tellOwn(isTakenIn: boolean): void {
    if (isTakenIn) this.#hasOwn = true
    else this.#hasMissed = true
  }

  /** Somebody waits for what only reading can tell. */
  hurry(): void {
    this.#isAwaited = true
  }

  /** All that may be known by now is about to be read. */
  beginRead(): void {
    this.#hasGrown = false
    this.#isAwaited = false
    this.#hasOwn = false
    this.#hasMissed = false
    this.#lastRead = this.#clock.monotonic()
  }

  /** Reading costs those who write: what can only tell how far the log is may wait for a moment. */
  readInMs(): number {
    if (!this.#hasGrown) return Infinity
    if (!this.#hasOwn || this.#hasMissed || this.#isAwaited) return 0
    return this.#lastRead + ownReadMs - this.#clock.monotonic()
  }
}
