/**
 * What a handler asked for. All of it is waited for, also what the handler itself doesn't wait for; and what
 * failed is its failure, unless it has looked at that itself.
 */
export class Undertakings {
  readonly #open = new Set<Promise<void>>()
  readonly #failed: { readonly work: Undertaking<unknown>; readonly cause: unknown }[] = []
  #isOver = false

  /** The same work, of which is known whether anybody looks at it. */
  begin<T>(work: Promise<T>): Promise<T> {
    // What comes after the handler is over has nobody who waits: that it failed is to be seen.
    if (this.#isOver) return work
    const begun = new Undertaking<T>((resolve) => resolve(work))
    begun.onLook((derived) => this.begin(derived))
    const watching: Promise<void> = begun.watch(
      () => void this.#open.delete(watching),
      (cause) => {
        this.#open.delete(watching)
        this.#failed.push({ work: begun, cause })
      },
    )
    this.#open.add(watching)
    return begun
  }

  /**
   * Resolves when all that was asked for is done.
   * @throws what failed and nobody looked at
   */
  async done(): Promise<void> {
    while (this.#open.size > 0) await Promise.all(this.#open)
    this.#isOver = true
    const forgotten = this.#failed.find(({ work }) => !work.isLookedAt)
    if (forgotten) throw forgotten.cause
  }
}

type Looking = <T>(derived: Promise<T>) => Promise<T>

/** A promise that knows whether anybody looks at it; `await` does, as it is not a plain one. */
class Undertaking<T> extends Promise<T> {
  #looking: Looking | undefined
  #isLookedAt = false

  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }

  get isLookedAt(): boolean {
    return this.#isLookedAt
  }

  /** @param looking is given what follows from it, which may be forgotten as well */
  onLook(looking: Looking): void {
    this.#looking = looking
  }

  /** Looks at it without being seen. */
  watch(onDone: () => void, onFailure: (cause: unknown) => void): Promise<void> {
    return super.then(onDone, onFailure)
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  override then<Done = T, Failed = never>(
    onDone?: ((value: T) => Done | PromiseLike<Done>) | null,
    onFailure?: ((cause: unknown) => Failed | PromiseLike<Failed>) | null,
  ): Promise<Done | Failed> {
    this.#isLookedAt = true
    const derived = super.then(onDone, onFailure)
    return this.#looking ? this.#looking(derived) : derived
  }
}
