/** By what a log is told from all others. */
export interface LogIdentity {
  /**
   * Made with the log and kept in it: the same wherever it is opened, after a restart, in a copy of it, and in
   * what is restored from a backup. Events that are exported and imported are another log.
   */
  readonly id: string
  /** Where it is now, for people: `sqlite:/srv/orders.db`. */
  readonly name: string
}
