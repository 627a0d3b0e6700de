import { AetherError } from './errors.ts'

/** What JSON can hold. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue }

export interface JsonBounds {
  /** How deep arrays and objects may nest. @default 64 */
  readonly maxDepth?: number
}

const defaultMaxDepth = 64

/**
 * Gives the value back as JSON would: the same reference where nothing changes, else a copy without
 * `undefined` properties and negative zeros. What it accepts is read back from a store identical.
 * @throws AetherError `invalid-json` for what JSON can't hold (NaN, bigint, functions, dates, maps,
 * class instances, holes, a key named `__proto__`); `too-large` for nesting beyond the bound.
 */
export function toJson(value: unknown, bounds: JsonBounds = {}): JsonValue {
  const exact = isExact(value, bounds.maxDepth ?? defaultMaxDepth, [])
  return (exact ? value : JSON.parse(JSON.stringify(value))) as JsonValue
}

/**
 * Parses text from outside, refusing what would be altered without notice: a number that has no
 * exact value here (9007199254740993, 1e400), and a key named `__proto__`.
 * @throws AetherError `invalid-json`; `too-large` for nesting beyond the bound.
 */
export function parseJson(text: string, bounds: JsonBounds = {}): JsonValue {
  let value: JsonValue
  try {
    value = JSON.parse(text, refuseInexact as Reviver) as JsonValue
  } catch (cause) {
    if (cause instanceof AetherError) throw cause
    if (cause instanceof RangeError) throw tooDeep(bounds.maxDepth ?? defaultMaxDepth)
    throw new AetherError('invalid-json', `not JSON: ${(cause as Error).message}`, { cause })
  }
  return toJson(value, bounds)
}

/** True where the whole value is already what JSON gives back. `path` is where the walk stands. */
function isExact(value: unknown, depthLeft: number, path: (string | number)[]): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      if (!Number.isFinite(value)) throw notJson(String(value), path)
      return !Object.is(value, -0)
    case 'object':
      return value === null || isExactInside(value, depthLeft, path)
    default:
      throw notJson(typeof value, path)
  }
}

function isExactInside(value: object, depthLeft: number, path: (string | number)[]): boolean {
  if (depthLeft === 0) throw tooDeep(path.length)
  if (!Array.isArray(value)) checkPlain(value, path)
  let exact = true
  for (const [name, member] of Array.isArray(value) ? value.entries() : Object.entries(value)) {
    path.push(name)
    if (name === '__proto__') throw notJson('a key named __proto__', path)
    // JSON leaves undefined members of objects out, as optional properties should be.
    if (member === undefined && !Array.isArray(value)) exact = false
    else if (!isExact(member, depthLeft - 1, path)) exact = false
    path.pop()
  }
  return exact
}

function checkPlain(value: object, path: readonly (string | number)[]): void {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return
  throw notJson(`an instance of ${value.constructor?.name ?? 'a class'}`, path)
}

type Reviver = (this: unknown, key: string, value: unknown) => unknown

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

/** An integer that a double can't hold; fractions are rounded by nature. */
function isRounded(source: string): boolean {
  return /^-?\d{16,}$/.test(source) && BigInt(source) !== BigInt(Number(source))
}

function notJson(what: string, path: readonly (string | number)[]): AetherError {
  const at = ['$', ...path].join('.')
  return new AetherError('invalid-json', `${what} at ${at} can't be stored as JSON`)
}

function tooDeep(depth: number): AetherError {
  return new AetherError('too-large', `JSON nests deeper than ${depth} levels`)
}
