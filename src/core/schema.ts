import type { StandardSchemaV1 } from '@standard-schema/spec'
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
