/**
 * Looks where a stream ends, so that those who wait for more are woken by a look only if it ends elsewhere: one
 * question for all of them, where each would ask what is new.
 */
export class EndLook {
  readonly #endOf: () => Promise<number>
  readonly #tell: () => void
  /** Where it ended when it was looked last; undefined: nobody did, or nobody could tell. */
  #seen: number | undefined
  #isLooking = false

  constructor(endOf: () => Promise<number>, tell: () => void) {
    this.#endOf = endOf
    this.#tell = tell
  }

  /** Tells as well where there is no answer: whoever reads then meets the failure itself. */
  async look(): Promise<void> {
    if (this.#isLooking) return this.#tell()
    this.#isLooking = true
    const before = this.#seen
    this.#seen = await this.#endOf().catch(() => undefined)
    this.#isLooking = false
    if (this.#seen === undefined || this.#seen !== before) this.#tell()
  }

  /** The next look tells in any case. */
  forget(): void {
    this.#seen = undefined
  }
}
