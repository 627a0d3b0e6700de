/**
 * `S`, as the compiler is to see it where a function gives one. It looks at the function before it knows what `S` is, and
 * would take `{ status: 'open' }` for a state with any text. A condition that it can't decide yet makes it look at
 * both ends of it, and {@link AsWritten} lets it keep texts, numbers and booleans as they are written.
 */
export type NextState<S> = [S] extends [never]
  ? AsWritten
  : unknown extends S
    ? NoInfer<S> & Whatever
    : { [K in keyof S]: S[K] }

/** Never what is given: only what the compiler has in mind. */
type AsWritten =
  '' | 0 | true | readonly [] | readonly AsWritten[] | { readonly [name: string]: AsWritten }

/** All that `unknown` is; but beside `unknown`, nothing else would be seen. */
type Whatever = object | string | number | boolean | null | undefined
