import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { AetherError, type Issue } from './errors.ts'

/** Any validator that implements Standard Schema: zod, valibot, arktype and others. */
export type Schema<Input = unknown, Output = Input> = StandardSchemaV1<Input, Output>
export type SchemaInput<S extends Schema> = StandardSchemaV1.InferInput<S>
export type SchemaOutput<S extends Schema> = StandardSchemaV1.InferOutput<S>

export type Validation<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** Gives a promise only where the schema does. */
export function validate<S extends Schema>(
  schema: S,
  value: unknown,
): Validation<SchemaOutput<S>> | Promise<Validation<SchemaOutput<S>>> {
  const result = schema['~standard'].validate(value)
  return result instanceof Promise ? result.then(conclude) : conclude(result)
}

/** @throws AetherError `invalid-definition` where the schema answers with a promise. */
export function validateSync<S extends Schema>(
  schema: S,
  value: unknown,
): Validation<SchemaOutput<S>> {
  const validation = validate(schema, value)
  if (!(validation instanceof Promise)) return validation
  validation.catch(() => undefined)
  throw new AetherError('invalid-definition', 'the schema of an event must validate synchronously')
}

/**
 * What a schema tells of what it takes and of what it gives, as JSON Schema: nothing where it can't, as those of
 * valibot. Two that tell the same may still differ, by functions of their own say.
 */
export function describeSchema(schema: Schema): readonly (string | undefined)[] {
  const { vendor, jsonSchema } = schema['~standard'] as StandardSchemaV1.Props &
    Partial<StandardJSONSchemaV1.Props>
  if (!jsonSchema) return []
  // Else zod would tell nothing at all of a schema with one function in it.
  const libraryOptions = vendor === 'zod' ? { unrepresentable: 'any' } : {}
  const options = { target: 'draft-2020-12', libraryOptions }
  return (['input', 'output'] as const).map((side) => {
    try {
      return JSON.stringify(jsonSchema[side](options))
    } catch {
      return undefined
    }
  })
}

export function isSchema(value: unknown): value is Schema {
  // Some validators (arktype) are functions.
  const carrier = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return carrier && '~standard' in value
}

function conclude<T>(result: StandardSchemaV1.Result<T>): Validation<T> {
  if (result.issues === undefined) return { ok: true, value: result.value }
  return { ok: false, issues: result.issues.map(toIssue) }
}

function toIssue(issue: StandardSchemaV1.Issue): Issue {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
  return { path: path.join('.'), message: issue.message }
}
