/**
 * Remembers what was set or used last: `capacity` entries at most, and half as many at least. What is older is
 * forgotten by the generation. To keep entries in the order of their use costs several times as much: each use
 * touches three others, which are in no cache.
 */
export class RecentMap<Key, Value> {
  /** Of how many entries a generation is. */
  readonly #size: number
  #young = new Map<Key, Value>()
  /** The generation before; what was set or used since is in both. */
  #old = new Map<Key, Value>()

  constructor(capacity: number) {
    this.#size = Math.floor(capacity / 2)
  }

  get(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** The same, and what is there becomes young again. */
  use(key: Key): Value | undefined {
    return this.#young.get(key) ?? this.#rejuvenate(key)
  }

  set(key: Key, value: Value): void {
    if (this.#young.has(key)) this.#young.set(key, value)
    else this.add(key, value)
  }

  /** Sets what isn't young, for whoever knows that from {@link use}: it isn't looked for once more. */
  add(key: Key, value: Value): void {
    if (this.#size === 0) return
    if (this.#young.size >= this.#size) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }

  delete(key: Key): void {
    this.#young.delete(key)
    this.#old.delete(key)
  }

  #rejuvenate(key: Key): Value | undefined {
    const value = this.#old.get(key)
    if (value !== undefined) this.add(key, value)
    return value
  }
}
