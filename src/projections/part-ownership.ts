/** Which parts of a reader are this member's, for now. */
export interface PartOwnership extends AsyncDisposable {
  readonly owned: ReadonlySet<string>
  /** Calls the listener after each change. */
  onChange(listener: () => void): Disposable
}

/** All parts are this member's: where a reader has only one. */
export function ownsAll(parts: readonly string[]): PartOwnership {
  return {
    owned: new Set(parts),
    onChange: () => ({ [Symbol.dispose]() {} }),
    async [Symbol.asyncDispose]() {},
  }
}
