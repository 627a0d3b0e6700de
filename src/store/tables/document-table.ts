/**
 * What a backend implements for small texts that several processes agree on: who does what, how far
 * readers are, what they made of the log. One document a key, changed only by whoever knows its
 * revision. Tables of different names know nothing of each other.
 */
export interface DocumentTable {
  /** Of a document, as UTF-8: a longer one is refused as `too-large`. */
  readonly maxTextBytes: number
  /** Never older than the last acknowledged write. */
  get(key: string): Promise<Document | undefined>
  /** {@link get} for many, in as few round trips as there can be; missing ones are left out. */
  getMany(keys: readonly string[]): Promise<ReadonlyMap<string, Document>>
  /**
   * Those whose key begins with the prefix, in the order of their keys as {@link encodeKey} spells them. One
   * that changes meanwhile is given as it was or as it is.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<Document>
  /**
   * Puts the text under the key, if and only if the document there is of this revision, or, where it
   * is undefined, there is none. Resolves with its new revision once it is as durable as events are;
   * with undefined where somebody else was faster, and nothing is changed.
   * @throws AetherError `store-unavailable`, `too-large`; `outcome-unknown`: read it to know
   */
  put(key: string, text: string, expected: number | undefined): Promise<number | undefined>
  /** Takes the document away if it is of this revision; false where it isn't. */
  remove(key: string, expected: number): Promise<boolean>
  /** Calls `wake` whenever a document may have changed, whoever did it: soon after, at times for nothing. */
  watch(wake: () => void): Promise<AsyncDisposable>
  /** Takes everything away, for ever: of a table that nobody uses any more. */
  clear(): Promise<void>
}

/** Which part of a list is wanted. */
export interface ListOptions {
  /** Begins behind this key, whether or not something is there. @default at the first */
  readonly after?: string
  /** How many are read at a time, at most: fewer where few are wanted. @default what the backend does best */
  readonly atOnce?: number
}

/** A text under a key. */
export interface Document {
  /** 1 to 400 characters of Unicode text. */
  readonly key: string
  readonly text: string
  /** Another one after each change, also where the document was taken away and is there again. */
  readonly revision: number
}
