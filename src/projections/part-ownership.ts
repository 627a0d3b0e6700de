/** Which parts of a reader are this member's, for now. */
export interface PartOwnership extends AsyncDisposable {
  /**
   * The parts that this member may work on now. Empty while nobody knows that it lives: others may
   * have taken them.
   */
  readonly owned: ReadonlySet<string>
  /**
   * Calls after each change of `owned`. Parts that are given up are left to others once all that the
   * listeners return has settled: by then no work on them should be under way.
   */
  onChange(listener: () => void | Promise<void>): Disposable
}

/** All parts are this member's: where a reader has only one. */
export function ownsAll(parts: readonly string[]): PartOwnership {
  return {
    owned: new Set(parts),
    onChange: () => ({ [Symbol.dispose]() {} }),
    async [Symbol.asyncDispose]() {},
  }
}
