/** How it is looked at what a reader does. */
export interface InspectOptions {
  /** Ends the look by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** How a reader is steered. */
export interface SteerOptions {
  /**
   * Before a change is sent to the store, nothing is changed and its reason is thrown. From then on it changes
   * nothing: who stopped waiting would not know what became of it.
   */
  readonly signal?: AbortSignal
}

/** What is made anew. */
export interface RebuildOptions extends SteerOptions {
  /**
   * Also where a newer version is there, whose place it takes: to go back to the code before a deploy. No node of
   * newer code may run then, which would begin its own anew. @default false
   */
  readonly back?: boolean
}

/** Which event is passed over. */
export interface SkipOptions extends SteerOptions {
  /** @default the one that has failed, whichever it is */
  readonly position?: number
}
