import { performance } from 'node:perf_hooks'

/** For so long nothing else may happen: timers, sockets, signs of life. */
const heldUpMs = 10

/** How many pieces of work are to go on in the next turn of the event loop. */
let waiting = 0

/** Long work that goes on in a later turn, the first one next. */
const queue: (() => void)[] = []

/**
 * One a turn: a thousand that each go on for 10 ms of the same turn would keep everything else waiting for ten
 * seconds.
 */
function ownTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (queue.push(resolve) === 1) setImmediate(goOn)
  })
}

function goOn(): void {
  queue.shift()?.()
  if (queue.length > 0) setImmediate(goOn)
}

/** The next turn of the event loop: timers and connections get theirs before. */
export function nextTurn(): Promise<void> {
  return new Promise(later)
}

function later(call: () => void): void {
  waiting++
  setImmediate(() => {
    waiting--
    call()
  })
}

/**
 * Whether something goes on by itself in a later turn of the event loop, as it has kept others waiting: on a
 * busy machine that may be anything, however short.
 */
export function isWorkWaiting(): boolean {
  return waiting > 0
}

/**
 * Work of many steps that waits for nothing, as a read of a file does: without pauses it would hold up the
 * whole process until it is done, and no time-out could end it.
 */
export class LongWork {
  #since = performance.now()

  /** Between two steps. Lets everything else happen, if nothing has for 10 ms. */
  async pause(): Promise<void> {
    if (performance.now() - this.#since < heldUpMs) return
    waiting++
    await ownTurn()
    waiting--
    this.#since = performance.now()
  }
}

/** Calls what has become possible at once, unless such calls lead to each other without end. */
export class Promptness {
  /** When the first call of this turn of the event loop was asked for. */
  #since: number | undefined

  /** Before anything else happens; where nothing else could for 10 ms, after that. */
  soon(call: () => void): void {
    if (this.#isHeldUp) later(call)
    else void settled.then(call)
  }

  /** The next turn of the event loop, where nothing else could happen for 10 ms; else nothing to wait for. */
  pause(): Promise<void> | undefined {
    return this.#isHeldUp ? nextTurn() : undefined
  }

  get #isHeldUp(): boolean {
    const now = performance.now()
    if (this.#since === undefined) {
      this.#since = now
      setImmediate(() => (this.#since = undefined))
    }
    return now - this.#since >= heldUpMs
  }
}

const settled = Promise.resolve()
