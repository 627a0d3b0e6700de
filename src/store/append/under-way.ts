/** Counts what is under way, for whoever has to wait until nothing is. */
export class UnderWay {
  #count = 0
  readonly #waiting: (() => void)[] = []

  /** It counts until it settles. */
  enter(work: Promise<unknown>): void {
    this.begin()
    work.then(this.end, this.end)
  }

  /** It counts until {@link end}, which has to be called once, whatever happens. */
  begin(): void {
    this.#count++
  }

  readonly end = (): void => {
    if (--this.#count > 0) return
    for (const tell of this.#waiting.splice(0)) tell()
  }

  /** Resolves when nothing is under way. */
  async none(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
