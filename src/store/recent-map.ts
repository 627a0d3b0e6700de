interface Entry<Key, Value> {
  readonly key: Key
  value: Value
  older: Entry<Key, Value> | undefined
  younger: Entry<Key, Value> | undefined
}

/**
 * Remembers what was set last, up to a bound; of the rest, what was set longest ago goes first. The
 * entries are linked in the order of their age: a `Map` keeps that order as well, but takes 30 times as
 * long to give its first key once many before it were deleted.
 */
export class RecentMap<Key, Value> {
  readonly #entries = new Map<Key, Entry<Key, Value>>()
  readonly #capacity: number
  #oldest: Entry<Key, Value> | undefined
  #youngest: Entry<Key, Value> | undefined

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)?.value
  }

  /** What is set again becomes the youngest. */
  set(key: Key, value: Value): void {
    const known = this.use(key)
    if (known) known.value = value
    else this.add(key, value)
  }

  /** What was set with the key, to be set again: it becomes the youngest. */
  use(key: Key): { value: Value } | undefined {
    const known = this.#entries.get(key)
    if (known && known !== this.#youngest) {
      this.#unlink(known)
      this.#append(known)
    }
    return known
  }

  /** Sets what isn't there, for whoever knows that from {@link use}: it isn't looked for once more. */
  add(key: Key, value: Value): void {
    const entry = { key, value, older: undefined, younger: undefined }
    this.#entries.set(key, entry)
    this.#append(entry)
    if (this.#entries.size > this.#capacity && this.#oldest) this.delete(this.#oldest.key)
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#unlink(entry)
  }

  #append(entry: Entry<Key, Value>): void {
    entry.older = this.#youngest
    entry.younger = undefined
    if (this.#youngest) this.#youngest.younger = entry
    else this.#oldest = entry
    this.#youngest = entry
  }

  #unlink({ older, younger }: Entry<Key, Value>): void {
    if (older) older.younger = younger
    else this.#oldest = younger
    if (younger) younger.older = older
    else this.#youngest = older
  }
}
