/** Which parts of a reader are this member's, for now. */
export interface PartOwnership extends AsyncDisposable {
  /**
   * The parts that this member may work on now. Empty while it can't be sure to be taken for alive:
   * others may have them already.
   */
  readonly owned: ReadonlySet<string>
  /**
   * Calls the listener after each change. Parts that are given up to others are theirs once all that the
   * listeners return has settled: by then no work on them should be under way.
   */
  onChange(listener: () => void | Promise<void>): Disposable
}
