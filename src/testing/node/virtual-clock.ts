import { setImmediate } from 'node:timers/promises'
import { type Clock, isWorkWaiting } from '../../core/index.ts'
import { testStart } from '../rehearsal/rehearsal.ts'

/** Something that is to happen at a moment. */
interface Due {
  readonly atMs: number
  readonly run: () => void
}

/** What goes on for ever by itself is not waited for. */
const mostTurns = 1_000

/**
 * A clock that goes on only when the test says so: whoever sleeps or ticks by it does so in the order
 * of their times, however long they are, in no time.
 */
export class VirtualClock implements Clock {
  readonly #startMs: number
  #nowMs: number
  /** In the order of their making: of two that are due at once, the older goes first. */
  readonly #waiting = new Set<Due>()
  #isAdvancing = false

  /** @param startMs milliseconds since 1970, UTC. Default: 2026-01-01T00:00:00Z */
  constructor(startMs: number = testStart) {
    this.#startMs = startMs
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonic(): number {
    return this.#nowMs - this.#startMs
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      const wake = (): void => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const due = this.#add(ms, wake)
      const abort = (): void => {
        this.#waiting.delete(due)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', abort, { once: true })
    })
  }

  every(ms: number, task: () => void): Disposable {
    if (!(ms > 0)) throw new RangeError(`every ${ms} ms would never end`)
    const tick = (): void => {
      due = this.#add(ms, tick)
      task()
    }
    let due = this.#add(ms, tick)
    return { [Symbol.dispose]: () => void this.#waiting.delete(due) }
  }

  /**
   * Lets so many milliseconds pass. What is due meanwhile happens at its time, one after the other, and
   * all that follows from it without waiting for a disk or a network is done before the next. Rejects
   * with what a tick throws.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`time can't go on by ${ms} ms`)
    if (this.#isAdvancing) throw new TypeError('the clock is going on already: await advance()')
    this.#isAdvancing = true
    try {
      const endMs = this.#nowMs + ms
      await settled()
      for (let due = this.#next(endMs); due; due = this.#next(endMs)) {
        this.#waiting.delete(due)
        this.#nowMs = Math.max(this.#nowMs, due.atMs)
        due.run()
        await settled()
      }
      this.#nowMs = Math.max(this.#nowMs, endMs)
    } finally {
      this.#isAdvancing = false
    }
  }

  /**
   * Lets time pass as if something held up the whole process: at once, and nothing happens before the
   * next {@link advance}.
   */
  block(ms: number): void {
    this.#nowMs += ms
  }

  #add(ms: number, run: () => void): Due {
    const due = { atMs: this.#nowMs + ms, run }
    this.#waiting.add(due)
    return due
  }

  /** The earliest of those that are due by then. */
  #next(endMs: number): Due | undefined {
    let next: Due | undefined
    for (const due of this.#waiting)
      if (due.atMs <= endMs && (!next || due.atMs < next.atMs)) next = due
    return next
  }
}

/** Resolves once all is done that waits for nothing but a turn of the event loop. */
async function settled(): Promise<void> {
  let turns = 0
  do await setImmediate()
  while (isWorkWaiting() && ++turns < mostTurns)
}
