/** Counts what is under way, for whoever has to wait until nothing is. */
export class UnderWay {
  #count = 0
  readonly #waiting: (() => void)[] = []

  /** It counts until it settles. */
  enter(work: Promise<unknown>): void {
    this.#count++
    work.then(this.#leave, this.#leave)
  }

  /** Resolves when nothing is under way. */
  async none(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  readonly #leave = (): void => {
    if (--this.#count > 0) return
    for (const tell of this.#waiting.splice(0)) tell()
  }
}
