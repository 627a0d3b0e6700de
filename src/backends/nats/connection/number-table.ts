/** No number of an entry. */
const nobody = 0
const leastCapacity = 64

/**
 * A map from whole numbers from 1 on, in which entries come and go all the time. A `Map` is laid out anew every few
 * hundred of them, and each layout refers to the next one: once one of them is in the old heap, what stood in any is
 * kept until that is collected: docs/decisions/0089-what-waits-refers-to-nothing-later.md.
 */
export class NumberTable<Value> {
  /** Each entry stands at the place that its number gives, or behind it where that is taken. */
  #numbers: number[] = emptyPlaces(leastCapacity, nobody)
  #values: (Value | undefined)[] = emptyPlaces(leastCapacity, undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  get(number: number): Value | undefined {
    return this.#values[this.#placeOf(number)]
  }

  set(number: number, value: Value): void {
    const place = this.#placeOf(number)
    const isNew = this.#numbers[place] === nobody
    this.#numbers[place] = number
    this.#values[place] = value
    if (isNew && ++this.#size * 2 > this.#numbers.length) this.#grow()
  }

  /** Whether it was there. */
  delete(number: number): boolean {
    let place = this.#placeOf(number)
    if (this.#numbers[place] === nobody) return false
    this.#size--
    for (
      let next = this.#behind(place);
      this.#numbers[next] !== nobody;
      next = this.#behind(next)
    ) {
      if (!this.#mayStandAt(place, next)) continue
      this.#numbers[place] = this.#numbers[next] as number
      this.#values[place] = this.#values[next]
      place = next
    }
    this.#numbers[place] = nobody
    this.#values[place] = undefined
    return true
  }

  /** In no order. */
  entries(): [number: number, value: Value][] {
    const entries: [number, Value][] = []
    for (const [place, number] of this.#numbers.entries())
      if (number !== nobody) entries.push([number, this.#values[place] as Value])
    return entries
  }

  /** Where the number stands, or would stand. */
  #placeOf(number: number): number {
    let place = number & (this.#numbers.length - 1)
    while (this.#numbers[place] !== number && this.#numbers[place] !== nobody)
      place = this.#behind(place)
    return place
  }

  #behind(place: number): number {
    return (place + 1) & (this.#numbers.length - 1)
  }

  /** Whether the entry of the place `from` is found where it is moved to this one, which lies before it. */
  #mayStandAt(place: number, from: number): boolean {
    const last = this.#numbers.length - 1
    const distance = (from - (this.#numbers[from] as number)) & last
    return distance >= ((from - place) & last)
  }

  #grow(): void {
    const entries = this.entries()
    const capacity = this.#numbers.length * 2
    this.#numbers = emptyPlaces(capacity, nobody)
    this.#values = emptyPlaces(capacity, undefined)
    this.#size = 0
    for (const [number, value] of entries) this.set(number, value)
  }
}

/** As many as a power of two. */
function emptyPlaces<T>(capacity: number, empty: T): T[] {
  return Array.from({ length: capacity }, () => empty)
}
