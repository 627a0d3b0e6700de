/** What waits, in the order of its coming: taken from the front, without moving the rest. */
export class Ring<T> {
  /** As many as a power of two. */
  #slots: (T | undefined)[] = Array.from({ length: 4 })
  #first = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(value: T): void {
    if (this.#size === this.#slots.length) this.#grow()
    this.#slots[(this.#first + this.#size++) & (this.#slots.length - 1)] = value
  }

  /** Takes the first; undefined where there is none. */
  shift(): T | undefined {
    if (this.#size === 0) return undefined
    const value = this.#slots[this.#first]
    this.#slots[this.#first] = undefined
    this.#first = (this.#first + 1) & (this.#slots.length - 1)
    this.#size--
    return value
  }

  clear(): void {
    this.#slots = Array.from({ length: 4 })
    this.#first = 0
    this.#size = 0
  }

  #grow(): void {
    const { length } = this.#slots
    this.#slots = Array.from(
      { length: 2 * length },
      (_, index) => this.#slots[index < length ? (this.#first + index) & (length - 1) : length],
    )
    this.#first = 0
  }
}
