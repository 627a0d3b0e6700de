/** Lets many promises run at once, but not more than its size; the first failure ends it. */
export class InFlight {
  readonly #size: number
  #running = 0
  #failure: { readonly error: unknown } | undefined
  #changed = Promise.withResolvers<void>()

  constructor(size: number) {
    this.#size = size
  }

  /** Waits until one more may run. @throws what one of the promises failed with */
  async room(): Promise<void> {
    await this.#until(() => this.#running < this.#size)
  }

  /** Watches over a promise, and gives it back. */
  watch<T>(promise: Promise<T>): Promise<T> {
    this.#running++
    promise.then(
      () => this.#done(),
      (error: unknown) => {
        this.#failure ??= { error }
        this.#done()
      },
    )
    return promise
  }

  /** Waits until none runs any more. @throws what one of the promises failed with */
  async settled(): Promise<void> {
    await this.#until(() => this.#running === 0)
  }

  async #until(condition: () => boolean): Promise<void> {
    for (;;) {
      if (this.#failure) throw this.#failure.error
      if (condition()) return
      await this.#changed.promise
    }
  }

  #done(): void {
    this.#running--
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }
}
