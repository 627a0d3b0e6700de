import type { Schema, SchemaInput } from '../../core/index.ts'

/**
 * The data of an event, as it is given to its schema and stored. Where its type tells that JSON can't hold it, the
 * compiler shows what is wrong as what is wanted.
 */
export type JsonData<S extends Schema> = [NoJson<SchemaInput<S>, Depth>] extends [never]
  ? SchemaInput<S>
  : `events are stored as JSON, which has no ${NoJson<SchemaInput<S>, Depth> & string}: take a text or a number`

/** How deep it looks; what is below is checked when it is stored. */
type Depth = [1, 1, 1, 1]

/** Where in a value something is that JSON can't hold, and what; never where nothing is. */
type NoJson<T, D extends readonly unknown[], Path extends string = ''> = D extends readonly [
  unknown,
  ...infer Below,
]
  ? unknown extends T
    ? never
    : T extends string | number | boolean | null | undefined | void
      ? never
      : T extends Date
        ? `Date${Path}`
        : T extends bigint
          ? `bigint${Path}`
          : T extends symbol | ((...args: never) => unknown)
            ? `function or symbol${Path}`
            : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
              ? `Map or Set${Path}`
              : T extends readonly (infer Member)[]
                ? NoJson<Member, Below, Path>
                : { [K in keyof T & string]: NoJson<T[K], Below, At<Path, K>> }[keyof T & string]
  : never

type At<Path extends string, Name extends string> = Path extends '' ? ` (${Name})` : Path
