import { AetherError } from '../../core/index.ts'
import type { Letter } from './letter.ts'

/** Work that has the actor to itself. */
export type Visit = () => Promise<void>

/** What waits for one actor, in order of arrival: commands, and visits between them. */
export class Mailbox {
  readonly #owner: string
  readonly #capacity: number
  #waiting: (Letter | Visit)[] = []

  constructor(owner: string, capacity: number) {
    this.#owner = owner
    this.#capacity = capacity
  }

  get count(): number {
    return this.#waiting.length
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** @throws AetherError `overloaded` */
  post(next: Letter | Visit): void {
    if (this.#waiting.length >= this.#capacity) this.#sweep()
    if (this.#waiting.length >= this.#capacity) {
      const message = `${this.#waiting.length} commands wait for ${this.#owner}: send again later`
      throw new AetherError('overloaded', message)
    }
    // The first of a list that grows would take room for seventeen.
    if (this.#waiting.length === 0) this.#waiting = [next]
    else this.#waiting.push(next)
  }

  /** What is next: a visit, or so many letters at most, up to the next visit. */
  take(count: number): Visit | readonly Letter[] {
    const [first] = this.#waiting
    if (typeof first === 'function') {
      this.#waiting.shift()
      return first
    }
    if (first && !first.isDone && this.#waiting.length === 1) return this.#takeOnly(first)
    const letters: Letter[] = []
    let taken = 0
    for (; taken < Math.min(count, this.#waiting.length); taken++) {
      const next = this.#waiting[taken]
      if (typeof next === 'function') break
      if (!next || next.isDone) continue
      next.take()
      letters.push(next)
    }
    if (taken === this.#waiting.length) this.#waiting = []
    else this.#waiting.splice(0, taken)
    return letters
  }

  #takeOnly(letter: Letter): readonly Letter[] {
    this.#waiting = []
    letter.take()
    return [letter]
  }

  /** Puts letters back in front that were taken too early: those from this place on. */
  putBack(letters: readonly Letter[], from: number): void {
    if (from >= letters.length) return
    const early = letters.slice(from)
    for (const letter of early) letter.putBack()
    this.#waiting = [...early, ...this.#waiting]
  }

  /** Those whose senders gave up are left where they are until their place is needed. */
  #sweep(): void {
    this.#waiting = this.#waiting.filter((next) => typeof next === 'function' || !next.isDone)
  }
}
