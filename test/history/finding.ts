/** Something that an event store must not do. */
export interface Finding {
  readonly kind: FindingKind
  readonly message: string
}

export type FindingKind =
  /** An acknowledged event is not in the log. */
  | 'lost'
  /** An event is in the log more than once. */
  | 'doubled'
  /** An actor has a version twice, or none of a number. */
  | 'wrong-versions'
  /** An event stands elsewhere than its writer was told. */
  | 'misplaced'
  /** An append was stored behind another version than the expected one. */
  | 'expectation-ignored'
  /** A commit is in the log in part, or with something between its parts. */
  | 'torn-commit'
  /** What was acknowledged before another write began stands behind it. */
  | 'disordered'
  /** An event is in the log though its writer was told that nothing was stored. */
  | 'stored-after-all'
  /** The log holds an event that nobody wrote. */
  | 'foreign'
  /** A conflict was reported with an actor that stood where it was expected all the time. */
  | 'false-conflict'
  /** A conflict reported a version that the actor had left before, or did not have yet. */
  | 'wrong-current-version'
  /** A read showed what the log does not hold there. */
  | 'false-read'
  /** A read did not show what was acknowledged, or shown to another, before it began. */
  | 'stale-read'
  /** The same, of a leader that had been frozen: a weakness that is known. */
  | 'stale-read-after-freeze'
  /** A subscription left something out, repeated it, or gave it out of order. */
  | 'wrong-subscription'
  /** An error that no outage explains. */
  | 'unexpected-error'
  /** A call was not answered though its process lived on. */
  | 'unanswered'
