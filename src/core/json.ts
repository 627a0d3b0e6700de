import { AetherError } from './errors.ts'
import { parseJsonText } from './json-text.ts'
import { keepSpecimen } from './specimen.ts'

/** What JSON can hold. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue }

export interface JsonBounds {
  /** How deep arrays and objects may nest. @default 64 */
  readonly maxDepth?: number
  /** How many values there may be, those inside others included. @default 1,000,000 */
  readonly maxValues?: number
}

const defaultMaxDepth = 64
const defaultMaxValues = 1_000_000

/**
 * A frozen copy of the value as JSON would give it back: without `undefined` members and negative
 * zeros. What it accepts is read back from a store identical, and nobody can change it meanwhile.
 * @throws AetherError `invalid-json` for what JSON can't hold (NaN, bigint, functions, dates, maps,
 * class instances, holes, a key named `__proto__`); `too-large` beyond the bounds.
 */
export function toJson(value: unknown, bounds: JsonBounds = {}): JsonValue {
  const copy = new JsonWalk(bounds).copy(value, depthOf(bounds))
  if (copy === refused) throw faultIn(value, bounds)
  return copy
}

/**
 * Refuses what {@link toJson} refuses, and copies nothing: for a value that is handed on as it is.
 * @throws as {@link toJson}
 */
export function checkJson(value: unknown, bounds: JsonBounds = {}): asserts value is JsonValue {
  if (!new JsonWalk(bounds).isJson(value, depthOf(bounds))) throw faultIn(value, bounds)
}

/**
 * Freezes a value and all inside it, so that it can be shared. What is frozen already is taken to be
 * done with, so a new object around old ones costs only itself.
 * @throws as {@link toJson}, but for `undefined` members, which stay
 */
export function freezeJson(value: unknown, bounds: JsonBounds = {}): void {
  if (!new JsonWalk(bounds).freeze(value, depthOf(bounds)))
    throw faultIn(value, bounds, { looksIntoFrozen: false })
}

/**
 * Parses text from outside, refusing what would be altered without notice: a number that would come
 * out as another one (9007199254740993, 1e400), and a key named `__proto__`.
 * @throws AetherError `invalid-json`; `too-large` for nesting beyond the bound.
 */
export function parseJson(text: string, bounds: JsonBounds = {}): JsonValue {
  let value: JsonValue
  try {
    value = parseJsonText(text, refuseInexact) as JsonValue
  } catch (cause) {
    if (cause instanceof AetherError) throw cause
    if (cause instanceof RangeError) throw tooDeep(depthOf(bounds))
    throw new AetherError('invalid-json', `not JSON: ${(cause as Error).message}`, { cause })
  }
  return toJson(value, bounds)
}

function depthOf({ maxDepth = defaultMaxDepth }: JsonBounds): number {
  return maxDepth
}

/** In the place of a copy. */
const refused = Symbol('refused')

/**
 * One way through a value. It says no to what isn't JSON, and leaves it to {@link FaultSearch} to find
 * out why: to know where it stands would cost more than all the rest.
 */
class JsonWalk {
  static {
    keepSpecimen(new JsonWalk({}))
  }

  #valuesLeft: number

  constructor({ maxValues = defaultMaxValues }: JsonBounds) {
    this.#valuesLeft = maxValues
  }

  isJson(value: unknown, depthLeft: number): boolean {
    if (!isObject(value)) return this.#isLeaf(value)
    if (!this.#mayEnter(value, depthLeft)) return false
    if (Array.isArray(value)) {
      // A hole is undefined here, which JSON can't hold.
      for (const member of value) if (!this.isJson(member, depthLeft - 1)) return false
      return true
    }
    for (const name in value) {
      if (!isOwn(value, name)) continue
      if (name === '__proto__') return false
      const member = (value as Members)[name]
      if (member !== undefined && !this.isJson(member, depthLeft - 1)) return false
    }
    return true
  }

  copy(value: unknown, depthLeft: number): JsonValue | typeof refused {
    if (!isObject(value)) {
      if (!this.#isLeaf(value)) return refused
      return (value === 0 ? 0 : value) as JsonValue
    }
    if (!this.#mayEnter(value, depthLeft)) return refused
    if (Array.isArray(value)) return this.#copyArray(value, depthLeft - 1)
    const members: Record<string, JsonValue> = {}
    for (const name in value) {
      if (!isOwn(value, name)) continue
      if (name === '__proto__') return refused
      const member = (value as Members)[name]
      // JSON leaves these out, as optional properties should be.
      if (member === undefined) continue
      const copy = this.copy(member, depthLeft - 1)
      if (copy === refused) return refused
      members[name] = copy
    }
    return Object.freeze(members)
  }

  freeze(value: unknown, depthLeft: number): boolean {
    if (!isObject(value)) return this.#isLeaf(value)
    if (!this.#mayEnter(value, depthLeft)) return false
    if (Object.isFrozen(value)) return true
    if (Array.isArray(value)) {
      for (const member of value) if (!this.freeze(member, depthLeft - 1)) return false
    } else {
      for (const name in value) {
        if (!isOwn(value, name)) continue
        if (name === '__proto__') return false
        const member = (value as Members)[name]
        if (member !== undefined && !this.freeze(member, depthLeft - 1)) return false
      }
    }
    Object.freeze(value)
    return true
  }

  #copyArray(value: readonly unknown[], depthLeft: number): JsonValue | typeof refused {
    const copies: JsonValue[] = []
    for (const member of value) {
      const copy = this.copy(member, depthLeft)
      if (copy === refused) return refused
      copies.push(copy)
    }
    return Object.freeze(copies)
  }

  /** Whether JSON can hold it: what has nothing inside. */
  #isLeaf(value: unknown): boolean {
    if (--this.#valuesLeft < 0) return false
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return true
      case 'number':
        return Number.isFinite(value)
      default:
        return value === null
    }
  }

  #mayEnter(value: object, depthLeft: number): boolean {
    return --this.#valuesLeft >= 0 && depthLeft > 0 && (Array.isArray(value) || isPlain(value))
  }
}

type Members = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

/** In a loop over names V8 knows the answer without looking, which it does not of `Object.hasOwn`. */
function isOwn(value: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(value, name)
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** What is wrong with a value that was refused. */
function faultIn(
  value: unknown,
  bounds: JsonBounds,
  { looksIntoFrozen = true }: { readonly looksIntoFrozen?: boolean } = {},
): AetherError {
  const search = new FaultSearch(bounds, looksIntoFrozen)
  return search.faultOf(value) ?? notJson('something', [])
}

/** A slow way through a value; it knows where it stands. */
class FaultSearch {
  readonly #path: (string | number)[] = []
  readonly #maxDepth: number
  readonly #looksIntoFrozen: boolean
  #valuesLeft: number

  constructor(bounds: JsonBounds, looksIntoFrozen: boolean) {
    this.#maxDepth = depthOf(bounds)
    this.#valuesLeft = bounds.maxValues ?? defaultMaxValues
    this.#looksIntoFrozen = looksIntoFrozen
  }

  faultOf(value: unknown): AetherError | undefined {
    if (--this.#valuesLeft < 0) return new AetherError('too-large', 'JSON of too many values')
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return undefined
      case 'number':
        return Number.isFinite(value) ? undefined : notJson(String(value), this.#path)
      case 'object':
        return value === null ? undefined : this.#faultInside(value)
      default:
        return notJson(typeof value, this.#path)
    }
  }

  #faultInside(value: object): AetherError | undefined {
    if (this.#path.length >= this.#maxDepth) return tooDeep(this.#maxDepth)
    if (!this.#looksIntoFrozen && Object.isFrozen(value)) return undefined
    if (!Array.isArray(value) && !isPlain(value))
      return notJson(`an instance of ${value.constructor?.name ?? 'a class'}`, this.#path)
    for (const [name, member] of membersOf(value)) {
      this.#path.push(name)
      const fault =
        name === '__proto__' ? notJson('a key named __proto__', this.#path) : this.faultOf(member)
      if (fault) return fault
      this.#path.pop()
    }
    return undefined
  }
}

/** A hole of an array is undefined, which JSON can't hold; as a member it leaves that out. */
function membersOf(value: object): Iterable<readonly [string | number, unknown]> {
  if (Array.isArray(value)) return value.entries()
  return Object.entries(value).filter(
    ([name, member]) => member !== undefined || name === '__proto__',
  )
}

function refuseInexact(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || context.source === undefined) return value
  if (!Number.isFinite(value) || isRounded(context.source)) {
    throw new AetherError(
      'invalid-json',
      `the number ${context.source} has no exact value here: send it as a string`,
    )
  }
  return value
}

/**
 * An integer that a double can't hold, unless that is how the double is spelled anyway; fractions are
 * rounded by nature.
 */
function isRounded(source: string): boolean {
  if (!/^-?\d{16,}$/.test(source)) return false
  const value = Number(source)
  return String(value) !== source && BigInt(source) !== BigInt(value)
}

function notJson(what: string, path: readonly (string | number)[]): AetherError {
  const at = ['$', ...path].join('.')
  return new AetherError('invalid-json', `${what} at ${at} can't be stored as JSON`)
}

function tooDeep(depth: number): AetherError {
  return new AetherError('too-large', `JSON nests deeper than ${depth} levels, or contains itself`)
}
