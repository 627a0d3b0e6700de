import type { JsonValue } from '../../core/index.ts'
import { oneOf, type Random, wholeBetween } from './random.ts'

/** The part of JSON Schema (2020-12) that samples are made from. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly const?: JsonValue
  readonly enum?: readonly JsonValue[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, JsonSchema>>
  readonly format?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
  readonly items?: JsonSchema | false
  readonly prefixItems?: readonly JsonSchema[]
  readonly minItems?: number
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
}

/** Sums of so many of them stay exact, and far from infinity. */
const largest = 1_000_000
const mostItems = 3
const deepest = 6

const texts = ['', 'a', 'Zoë 👩‍💻', 'null', '0', ' two words ', '"quoted\\', 'x'.repeat(100)]
const byFormat: Readonly<Record<string, readonly string[]>> = {
  email: ['a@example.com', 'first.last@example.org'],
  'date-time': ['2026-01-01T00:00:00Z', '1999-12-31T23:59:59.999Z'],
  date: ['2026-01-01', '2024-02-29'],
  time: ['00:00:00', '23:59:59'],
  duration: ['PT1H', 'P1DT12H'],
  uuid: ['3f2504e0-4f89-41d3-9a0c-0305e82c3301', '7d444840-9dc0-41d1-b245-5ffdce74fad2'],
  uri: ['https://example.com/', 'urn:isbn:0451450523'],
  ipv4: ['127.0.0.1', '203.0.113.9'],
  ipv6: ['::1', '2001:db8::1'],
}

/**
 * Something that fits the schema, or nearly: a `pattern` and rarer words are not understood, so what
 * comes must be checked.
 */
export function sampleOf(schema: JsonSchema, random: Random): JsonValue {
  return new Sampler(schema, random).draw(schema, 0)
}

class Sampler {
  readonly #root: JsonSchema
  readonly #random: Random

  constructor(root: JsonSchema, random: Random) {
    this.#root = root
    this.#random = random
  }

  draw(schema: JsonSchema, depth: number): JsonValue {
    const { $ref, allOf, const: only, enum: values } = schema
    const options = schema.anyOf ?? schema.oneOf
    if ($ref !== undefined) return this.draw(this.#definition($ref), depth + 1)
    if (only !== undefined) return only
    if (values) return this.#pick(values, null)
    if (options) return this.draw(this.#pick(options, {}), depth)
    if (allOf) return this.draw(this.#merged(schema, allOf), depth)
    return this.#ofType(schema, depth)
  }

  #ofType(schema: JsonSchema, depth: number): JsonValue {
    const { type } = schema
    switch (Array.isArray(type) ? this.#pick(type as readonly string[], 'null') : type) {
      case 'string':
        return this.#text(schema)
      case 'number':
      case 'integer':
        return this.#number(schema)
      case 'boolean':
        return this.#random() < 0.5
      case 'null':
        return null
      case 'array':
        return this.#list(schema, depth)
      case 'object':
        return this.#record(schema, depth)
      default:
        return this.#pick<JsonValue>([0, 'a', true, null], null)
    }
  }

  #text({ format, minLength = 0, maxLength = Infinity }: JsonSchema): string {
    const known = format === undefined ? undefined : byFormat[format]
    if (known) return this.#pick(known, '')
    const fitting = texts.filter(({ length }) => length >= minLength && length <= maxLength)
    return this.#pick(fitting, 'x'.repeat(minLength))
  }

  #number(schema: JsonSchema): number {
    const { exclusiveMinimum = -Infinity, exclusiveMaximum = Infinity } = schema
    const { minimum = -Infinity, maximum = Infinity, type, multipleOf } = schema
    const step = multipleOf ?? (type === 'integer' ? 1 : undefined)
    const low = Math.max(minimum, exclusiveMinimum)
    const high = Math.min(maximum, exclusiveMaximum)
    const least = Math.max(low, Math.min(-largest, high === Infinity ? -largest : high))
    const most = Math.min(high, Math.max(largest, low === -Infinity ? largest : low))
    const isAllowed = (n: number): boolean =>
      n >= minimum && n > exclusiveMinimum && n <= maximum && n < exclusiveMaximum
    const drawn = least + this.#random() * (most - least)
    const near = [0, 1, -1, 2, 10, 0.1, 0.5, least, most, least + 1, drawn, drawn]
    const onStep = step === undefined ? near : near.map((n) => Math.round(n / step) * step)
    return this.#pick(onStep.filter(isAllowed), drawn)
  }

  #list({ prefixItems = [], items, minItems, maxItems }: JsonSchema, depth: number): JsonValue[] {
    const first = prefixItems.map((item) => this.draw(item, depth + 1))
    if (!items) return first
    const least = Math.max(0, (minItems ?? 0) - first.length)
    const room = depth >= deepest ? least : least + mostItems
    const most = Math.min(room, Math.max(least, (maxItems ?? Infinity) - first.length))
    const count = wholeBetween(this.#random, least, most)
    return [...first, ...Array.from({ length: count }, () => this.draw(items, depth + 1))]
  }

  #record(schema: JsonSchema, depth: number): JsonValue {
    const { properties = {}, required = [], additionalProperties } = schema
    const members = Object.entries(properties)
      .filter(([name]) => required.includes(name) || (depth < deepest && this.#random() < 0.5))
      .map(([name, member]) => [name, this.draw(member, depth + 1)] as const)
    const isOpen = typeof additionalProperties === 'object' && depth < deepest
    const extras = isOpen ? ['a', 'b c', 'ü'].filter(() => this.#random() < 0.5) : []
    const others = extras.map(
      (name) => [name, this.draw(additionalProperties as JsonSchema, depth + 1)] as const,
    )
    return Object.fromEntries([...others, ...members])
  }

  /** One schema for all: the words of each, the members of all. */
  #merged(schema: JsonSchema, parts: readonly JsonSchema[]): JsonSchema {
    const { allOf: _, ...own } = schema
    return parts
      .map((part) => (part.$ref === undefined ? part : this.#definition(part.$ref)))
      .reduce<JsonSchema>(
        (whole, part) => ({
          ...whole,
          ...part,
          properties: { ...whole.properties, ...part.properties },
          required: [...(whole.required ?? []), ...(part.required ?? [])],
        }),
        own,
      )
  }

  #definition(ref: string): JsonSchema {
    const name = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(ref)?.[1]
    return (name === undefined ? this.#root : this.#root.$defs?.[name]) ?? {}
  }

  #pick<T>(values: readonly T[], otherwise: T): T {
    return oneOf(this.#random, values) ?? otherwise
  }
}
