import type { Instant } from './history.ts'

/** The greatest of the values that were known at each time. */
export class Rising {
  readonly #known: { at: Instant; value: number }[] = []
  #isSorted = true

  learn(at: Instant, value: number): void {
    this.#known.push({ at, value })
    this.#isSorted = false
  }

  /** The greatest value learned before this time, 0 without any. */
  before(at: Instant): number {
    this.#sort()
    let [low, high] = [0, this.#known.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#known[middle]?.at ?? 0) < at) low = middle + 1
      else high = middle
    }
    return this.#known[low - 1]?.value ?? 0
  }

  /** When it was first known to be this great; Infinity if never. */
  since(value: number): Instant {
    this.#sort()
    let [low, high] = [0, this.#known.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#known[middle]?.value ?? 0) >= value) high = middle
      else low = middle + 1
    }
    return this.#known[low]?.at ?? Infinity
  }

  #sort(): void {
    if (this.#isSorted) return
    this.#known.sort((a, b) => a.at - b.at)
    let greatest = 0
    for (const known of this.#known) {
      greatest = Math.max(greatest, known.value)
      known.value = greatest
    }
    this.#isSorted = true
  }
}
