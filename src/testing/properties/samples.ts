import { messageOf, type Schema, validate } from '../../core/index.ts'
import { type JsonSchema, sampleOf } from './json-sample.ts'
import { oneOf, type Random } from './random.ts'

/** Examples of some data: one, a list of them, or a function that makes them. */
export type Samples<T = unknown> = T | readonly T[] | ((random: Random) => T)

/** Draws one example. */
export type Source = (random: Random) => unknown

/** How often something that fits a schema is tried to be drawn. */
const maxTries = 200

/** Draws from what the caller gave. */
export function sourceOfSamples(samples: Samples): Source {
  if (typeof samples === 'function') return samples as Source
  const list: readonly unknown[] = Array.isArray(samples) ? samples : [samples]
  if (list.length === 0) throw new TypeError('an empty list of samples gives nothing')
  return (random) => oneOf(random, list)
}

/**
 * Draws what fits the schema, where the validator can say what that is (Standard JSON Schema, as zod 4
 * does).
 * @throws TypeError where it can't, or nothing that was drawn fitted
 */
export function sourceOfSchema(schema: Schema): Source {
  const json = jsonSchemaOf(schema)
  const source: Source = (random) => {
    for (let tries = 0; tries < maxTries; tries++) {
      const drawn = sampleOf(json, random)
      const validation = validate(schema, drawn)
      if (validation instanceof Promise) throw new TypeError('its schema is asynchronous')
      if (validation.ok) return drawn
    }
    throw new TypeError(`nothing that was drawn from its schema fits it`)
  }
  return source
}

interface JsonSchemaCarrier {
  readonly jsonSchema?: { readonly input: (options: { readonly target: string }) => JsonSchema }
}

function jsonSchemaOf(schema: Schema): JsonSchema {
  const { vendor, ...standard } = schema['~standard'] as Schema['~standard'] & JsonSchemaCarrier
  if (!standard.jsonSchema) throw new TypeError(`${vendor} can't say what fits its schema`)
  try {
    return standard.jsonSchema.input({ target: 'draft-2020-12' })
  } catch (cause) {
    const message = `${vendor} can't say what fits its schema: ${messageOf(cause)}`
    throw new TypeError(message, { cause })
  }
}
