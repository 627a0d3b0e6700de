import { AetherError } from './errors.ts'
import { parseJsonText } from './json-text.ts'

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
  return new JsonWalk(bounds).copy(value)
}

/**
 * Refuses what {@link toJson} refuses, and copies nothing: for a value that is handed on as it is.
 * @throws as {@link toJson}
 */
export function checkJson(value: unknown, bounds: JsonBounds = {}): asserts value is JsonValue {
  // It only says no; the other way through the value says what is wrong, and where.
  if (!new JsonLook(bounds).isJson(value, bounds.maxDepth ?? defaultMaxDepth)) toJson(value, bounds)
}

/**
 * Freezes a value and all inside it, so that it can be shared. What is frozen already is taken to be
 * done with, so a new object around old ones costs only itself.
 * @throws as {@link toJson}, but for `undefined` members, which stay
 */
export function freezeJson(value: unknown, bounds: JsonBounds = {}): void {
  new JsonWalk(bounds).freeze(value)
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
    if (cause instanceof RangeError) throw tooDeep(bounds.maxDepth ?? defaultMaxDepth)
    throw new AetherError('invalid-json', `not JSON: ${(cause as Error).message}`, { cause })
  }
  return toJson(value, bounds)
}

/** A quick way through a value, at a third of the cost of {@link JsonWalk}. */
class JsonLook {
  #valuesLeft: number

  constructor({ maxValues = defaultMaxValues }: JsonBounds) {
    this.#valuesLeft = maxValues
  }

  isJson(value: unknown, depthLeft: number): boolean {
    if (--this.#valuesLeft < 0) return false
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return true
      case 'number':
        return Number.isFinite(value)
      case 'object':
        return value === null || (depthLeft > 0 && this.#isOfJson(value, depthLeft - 1))
      default:
        return false
    }
  }

  #isOfJson(value: object, depthLeft: number): boolean {
    if (Array.isArray(value)) {
      // A hole is undefined here.
      for (const member of value) if (!this.isJson(member, depthLeft)) return false
      return true
    }
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) return false
    for (const name in value) {
      if (name === '__proto__') return false
      const member = (value as Record<string, unknown>)[name]
      if (member !== undefined && !this.isJson(member, depthLeft)) return false
    }
    return true
  }
}

/** One way through a value; it knows where it stands, for the errors. */
class JsonWalk {
  readonly #path: (string | number)[] = []
  readonly #maxDepth: number
  #valuesLeft: number

  constructor({ maxDepth = defaultMaxDepth, maxValues = defaultMaxValues }: JsonBounds) {
    this.#maxDepth = maxDepth
    this.#valuesLeft = maxValues
  }

  copy(value: unknown): JsonValue {
    if (!this.#isNested(value)) return (value === 0 ? 0 : value) as JsonValue
    if (Array.isArray(value)) {
      const copies: JsonValue[] = []
      // A hole is given as undefined here, which JSON can't hold.
      for (const [index, member] of value.entries()) {
        this.#enter(index)
        copies.push(this.copy(member))
        this.#path.pop()
      }
      return Object.freeze(copies)
    }
    const members: Record<string, JsonValue> = {}
    for (const name of Object.keys(value)) {
      const member = (value as Record<string, unknown>)[name]
      // JSON leaves these out, as optional properties should be.
      if (member === undefined) continue
      this.#enter(name)
      members[name] = this.copy(member)
      this.#path.pop()
    }
    return Object.freeze(members)
  }

  freeze(value: unknown): void {
    if (!this.#isNested(value) || Object.isFrozen(value)) return
    if (Array.isArray(value)) {
      for (const [index, member] of value.entries()) {
        this.#enter(index)
        this.freeze(member)
        this.#path.pop()
      }
    } else {
      for (const name of Object.keys(value)) {
        const member = (value as Record<string, unknown>)[name]
        if (member === undefined) continue
        this.#enter(name)
        this.freeze(member)
        this.#path.pop()
      }
    }
    Object.freeze(value)
  }

  /** True for an array or a plain object, false for a value that is complete in itself. */
  #isNested(value: unknown): value is object {
    if (--this.#valuesLeft < 0) throw new AetherError('too-large', 'JSON of too many values')
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return false
      case 'number':
        if (!Number.isFinite(value)) throw notJson(String(value), this.#path)
        return false
      case 'object':
        if (value === null) return false
        if (this.#path.length >= this.#maxDepth) throw tooDeep(this.#maxDepth)
        if (!Array.isArray(value)) checkPlain(value, this.#path)
        return true
      default:
        throw notJson(typeof value, this.#path)
    }
  }

  #enter(name: string | number): void {
    this.#path.push(name)
    if (name === '__proto__') throw notJson('a key named __proto__', this.#path)
  }
}

function checkPlain(value: object, path: readonly (string | number)[]): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return
  throw notJson(`an instance of ${value.constructor?.name ?? 'a class'}`, path)
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
  return new AetherError('too-large', `JSON nests deeper than ${depth} levels`)
}
