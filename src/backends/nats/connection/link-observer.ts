/** Is told what happens to a connection. */
export interface LinkObserver {
  /** The connection is lost, or closed. Nobody is answered who asked before. */
  readonly lost: (cause: Error) => void
  /** The server said that something was wrong: a publish was forbidden, say. */
  readonly failed: (error: Error) => void
  /** There is a connection again, perhaps to another server. Called before anything is sent on it. */
  readonly recovered?: () => void
}
