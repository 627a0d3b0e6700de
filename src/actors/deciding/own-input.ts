import { type Schema, validate, type Validation } from '../../core/index.ts'

type Validated = Validation<unknown>

/**
 * What the schema makes of the input, where nobody else has it: it waits for its turn, perhaps is decided on twice,
 * and its sender may change it for the next command meanwhile. A schema that hands the very object on is given a
 * copy, so that what is decided on is what it has seen.
 */
export function validateOwn(schema: Schema, input: unknown): Validated | Promise<Validated> {
  const given = validate(schema, input)
  return given instanceof Promise
    ? given.then((later) => owned(schema, input, later))
    : owned(schema, input, given)
}

function owned(
  schema: Schema,
  input: unknown,
  validation: Validated,
): Validated | Promise<Validated> {
  if (!validation.ok || validation.value !== input || !isObject(input)) return validation
  return validate(schema, new PlainCopy().of(input))
}

/** Copies lists and plain objects, and what is inside them. All else, such as a date, stays what it is. */
class PlainCopy {
  /** So that what stands twice inside, or contains itself, does so in the copy. */
  readonly #copies = new Map<object, unknown>()

  of(value: unknown): unknown {
    if (!isObject(value)) return value
    const known = this.#copies.get(value)
    if (known !== undefined) return known
    if (Array.isArray(value)) return this.#ofList(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
      ? this.#ofMembers(value, prototype)
      : value
  }

  #ofList(list: readonly unknown[]): unknown {
    const copy: unknown[] = []
    this.#copies.set(list, copy)
    for (const member of list) copy.push(this.of(member))
    return copy
  }

  #ofMembers(value: object, prototype: object | null): unknown {
    const copy = Object.create(prototype) as object
    this.#copies.set(value, copy)
    for (const [name, member] of Object.entries(value)) {
      // An assignment to `__proto__` would be none to a member.
      const content = {
        value: this.of(member),
        writable: true,
        enumerable: true,
        configurable: true,
      }
      Object.defineProperty(copy, name, content)
    }
    return copy
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
