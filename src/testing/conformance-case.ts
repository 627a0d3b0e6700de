/** One thing a port promises, as data: any test runner can run it. */
export interface ConformanceCase<Subject> {
  readonly name: string
  /** Throws an `AssertionError` where the promise is broken. */
  readonly run: (subject: Subject) => Promise<void>
}
