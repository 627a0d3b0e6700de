import { setImmediate as turn } from 'node:timers/promises'

/** For so long nothing else may happen: timers, sockets, signs of life. */
const heldUpMs = 10

/**
 * Work of many steps that waits for nothing, as a read of a file does: without pauses it would hold up the
 * whole process until it is done, and no time-out could end it.
 */
export class LongWork {
  #since = performance.now()

  /** Between two steps. Lets everything else happen, if nothing has for 10 ms. */
  async pause(): Promise<void> {
    if (performance.now() - this.#since < heldUpMs) return
    await turn()
    this.#since = performance.now()
  }
}
