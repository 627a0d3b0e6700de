import { Promptness, type TurnClock } from '../../core/index.ts'

/** Somebody who has work to do. */
export interface Worker {
  /**
   * Does what can be done now, at this moment of the monotonic clock, and tells what time it is then. It never
   * throws.
   */
  work(now: number): number
}

/**
 * Lets those who were woken in one turn of the event loop work in the next, in the order of their waking:
 * what else is sent in that turn belongs to the same work. Timers and connections get their turn as well,
 * also where an answer leads to the next command for ever.
 */
export class Turns {
  #woken: Worker[] = []
  readonly #promptness = new Promptness()
  readonly #clock: TurnClock

  constructor(clock: TurnClock) {
    this.#clock = clock
  }

  wake(worker: Worker): void {
    if (this.#woken.push(worker) === 1) this.#promptness.soon(this.#work)
  }

  readonly #work = (): void => {
    const woken = this.#woken
    this.#woken = []
    using _turn = this.#clock.turn()
    let now = this.#clock.monotonic()
    for (const worker of woken) now = worker.work(now)
  }
}
