import { type Clock, systemClock } from 'aether'

/** A clock that goes on only when it is told to; who sleeps sleeps in real time. */
export class ManualClock implements Clock {
  readonly sleep = systemClock.sleep
  readonly #tasks = new Set<() => void>()
  #now = 1_000_000

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#now
  }

  every(_ms: number, task: () => void): Disposable {
    this.#tasks.add(task)
    return { [Symbol.dispose]: () => this.#tasks.delete(task) }
  }

  /** How many are to be called again and again. */
  get tasks(): number {
    return this.#tasks.size
  }

  /** Goes on, and calls once whoever is to be called again and again. */
  advance(ms: number): void {
    this.#now += ms
    for (const task of [...this.#tasks]) task()
  }
}
