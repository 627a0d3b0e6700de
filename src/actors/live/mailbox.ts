import { AetherError, grown, keepSpecimen } from '../../core/index.ts'
import type { Letter } from './letter.ts'

/** Work that has the actor to itself. */
export type Visit = () => Promise<void>

/** What waits for one actor, in order of arrival: commands, and visits between them. */
export class Mailbox {
  static {
    keepSpecimen(new Mailbox('', 0))
  }

  readonly #owner: string
  readonly #capacity: number
  #waiting: (Letter | Visit)[] | undefined

  constructor(owner: string, capacity: number) {
    this.#owner = owner
    this.#capacity = capacity
  }

  get count(): number {
    return this.#waiting?.length ?? 0
  }

  get isEmpty(): boolean {
    return this.#waiting === undefined
  }

  /** @throws AetherError `overloaded` */
  post(next: Letter | Visit): void {
    if (this.count >= this.#capacity) this.#sweep()
    if (this.count >= this.#capacity) {
      const message = `${this.count} commands wait for ${this.#owner}: send again later`
      throw new AetherError('overloaded', message)
    }
    this.#waiting = grown(this.#waiting, next)
  }

  /** What is next: a visit, or so many letters at most, up to the next visit. */
  take(count: number): Visit | readonly Letter[] {
    const waiting = this.#waiting ?? []
    const [first] = waiting
    if (typeof first === 'function') {
      this.#keep(waiting.slice(1))
      return first
    }
    let end = 0
    while (end < Math.min(count, waiting.length) && typeof waiting[end] !== 'function') end++
    const isAll = end === waiting.length
    this.#waiting = isAll ? undefined : waiting.slice(end)
    return taken((isAll ? waiting : waiting.slice(0, end)) as readonly Letter[])
  }

  /** Puts letters back in front that were taken too early: those from this place on. */
  putBack(letters: readonly Letter[], from: number): void {
    if (from >= letters.length) return
    const early = letters.slice(from)
    for (const letter of early) letter.putBack()
    this.#keep([...early, ...(this.#waiting ?? [])])
  }

  /** Those whose senders gave up are left where they are until their place is needed. */
  #sweep(): void {
    this.#keep((this.#waiting ?? []).filter((next) => typeof next === 'function' || !next.isDone))
  }

  #keep(waiting: (Letter | Visit)[]): void {
    this.#waiting = waiting.length > 0 ? waiting : undefined
  }
}

/** Those whose senders haven't given up: they are carried out from now on. */
function taken(letters: readonly Letter[]): readonly Letter[] {
  const wanted = letters.some(({ isDone }) => isDone)
    ? letters.filter(({ isDone }) => !isDone)
    : letters
  for (const letter of wanted) letter.take()
  return wanted
}
