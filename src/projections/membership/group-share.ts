import { type Logger, messageOf } from '../../core/index.ts'
import type { PartOwnership } from '../progress/part-ownership.ts'
import type { GroupWish } from './reassign.ts'

interface Around {
  readonly group: string
  readonly parts: readonly string[]
  readonly logger: Logger
  /** The parts that are certainly this member's. */
  readonly assigned: () => readonly string[]
  /** Parts were released: others may have them. */
  readonly released: () => void
  readonly leave: () => Promise<void>
}

type Listener = () => void | Promise<void>

/** What one member has of a group. */
export class GroupShare implements PartOwnership, GroupWish {
  readonly parts: readonly string[]
  readonly #around: Around
  readonly #listeners = new Set<Listener>()
  /** On which nothing new is begun, and those of them on which nothing is under way any more. */
  readonly #givenUp = new Set<string>()
  readonly #released = new Set<string>()
  #told = ''
  #telling: Promise<unknown> = Promise.resolve()
  #isLeaving = false
  #leaving: Promise<void> | undefined

  constructor(around: Around) {
    this.#around = around
    this.parts = around.parts
  }

  get owned(): ReadonlySet<string> {
    if (this.#isLeaving) return new Set()
    return new Set(this.#around.assigned().filter((part) => !this.#givenUp.has(part)))
  }

  get released(): ReadonlySet<string> {
    return this.#released
  }

  onChange(listener: Listener): Disposable {
    // Each its own, also where the same function listens twice.
    const own: Listener = () => listener()
    this.#listeners.add(own)
    return { [Symbol.dispose]: () => void this.#listeners.delete(own) }
  }

  /**
   * Tells the listeners if anything has changed; resolves when they are done with it, and with what
   * they were told before.
   */
  async tellChange(): Promise<void> {
    const now = JSON.stringify([...this.owned])
    if (now !== this.#told) {
      this.#told = now
      const calls = [...this.#listeners].map((listener) => this.#call(listener))
      this.#telling = Promise.all([this.#telling, ...calls])
    }
    await this.#telling
  }

  /** Leaves them to others as soon as no work on them is under way. */
  giveUp(parts: readonly string[]): void {
    const added = parts.filter((part) => !this.#givenUp.has(part))
    if (added.length === 0) return
    for (const part of added) this.#givenUp.add(part)
    void this.tellChange().then(() => {
      for (const part of added) if (this.#givenUp.has(part)) this.#released.add(part)
      this.#around.released()
    })
  }

  /** It is known whose the parts are: what isn't this member's any more is not to be given up. */
  settle(mine: readonly string[]): void {
    for (const part of this.#givenUp) {
      if (mine.includes(part)) continue
      this.#givenUp.delete(part)
      this.#released.delete(part)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leaving ??= this.#leave()
    await this.#leaving
  }

  async #leave(): Promise<void> {
    this.#isLeaving = true
    await this.tellChange()
    await this.#around.leave()
  }

  async #call(listener: Listener): Promise<void> {
    try {
      await listener()
    } catch (thrown) {
      const { group, logger } = this.#around
      logger.error({ group }, `a listener to the parts of ${group} threw: ${messageOf(thrown)}`)
    }
  }
}
