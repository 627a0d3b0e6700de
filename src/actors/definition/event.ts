import type { Schema, SchemaInput, SchemaOutput } from '../../core/index.ts'

const brand = Symbol.for('aether.event')

/**
 * How an event was stored before it came to its present form.
 *
 * @typeParam Data what the schema takes
 */
export interface EventChanges<Data = unknown> {
  /** What the event was called before. */
  readonly formerly?: readonly string[]
  /**
   * Leads from each earlier form of the data to the next one: the first function from version 1 to 2,
   * and so on; the schema describes what the last one gives. Pure. Only ever add to its end.
   */
  readonly upcast?: readonly [] | readonly [...earlier: Upcast[], last: Upcast<Data>]
}

/** Makes the data of an event's next version from that of one; say what it was by its parameter. */
export type Upcast<Next = unknown> = (data: never) => Next

/**
 * An event that has changed since it was first stored: `event(schema, { formerly, upcast })` stands
 * where the schema alone would.
 */
export function event<S extends Schema>(
  schema: S,
  changes: EventChanges<SchemaInput<S>>,
): Schema<SchemaInput<S>, SchemaOutput<S>> {
  const changed = { '~standard': schema['~standard'], [brand]: changes }
  return changed
}

export function changesOf(schema: Schema): EventChanges {
  return (schema as { readonly [brand]?: EventChanges })[brand] ?? {}
}
