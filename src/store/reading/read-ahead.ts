/** Who has read more than was taken of it. */
export interface Holder {
  /** Forgets it, and reads it again when it is wanted. */
  letGo(): void
}

/** How many entries all subscriptions of a store hold together. */
const defaultMaxEntries = 20_000

/**
 * What the subscriptions of a store have read and not given yet, within one bound for all: of thousands that
 * nobody takes anything of, each would keep a batch for ever. Who has held on to one for longest lets go.
 */
export class ReadAhead {
  readonly #maxEntries: number
  /** How many each holds, by how long it has. */
  readonly #holders = new Map<Holder, number>()
  #entries = 0

  constructor(maxEntries: number = defaultMaxEntries) {
    this.#maxEntries = maxEntries
  }

  /** How many entries are held. */
  get entries(): number {
    return this.#entries
  }

  /** This one holds so many from now on. */
  hold(holder: Holder, entries: number): void {
    this.release(holder)
    this.#holders.set(holder, entries)
    this.#entries += entries
    for (const oldest of this.#holders.keys()) {
      if (this.#entries <= this.#maxEntries || oldest === holder) return
      this.release(oldest)
      oldest.letGo()
    }
  }

  release(holder: Holder): void {
    this.#entries -= this.#holders.get(holder) ?? 0
    this.#holders.delete(holder)
  }
}
