/**
 * Is told what happens to the actors of a process, so that it can be counted. It is called on the way
 * of the commands: it must neither throw nor take long.
 */
export interface ActorObserver {
  /**
   * A command has its answer, so many milliseconds after it was sent; where it was refused or failed,
   * `error` says why. The type and the name are undefined where nothing here is called like that.
   */
  answered(type: string | undefined, command: string | undefined, ms: number, error?: unknown): void
  /** A decision over several actors has its answer; its name is undefined where it has none. */
  transacted(name: string | undefined, error?: unknown): void
  /** An actor came into memory. */
  activated(type: string): void
  /** An actor left memory. */
  passivated(type: string, why: PassivationReason): void
  /** An actor's state was read: so many events were replayed, behind a snapshot or from the first one. */
  loaded(type: string, load: { readonly events: number; readonly ms: number }): void
  /** Whether a snapshot was there to replay from. */
  snapshotLoaded(type: string, isFound: boolean): void
  snapshotSaved(type: string, outcome: 'saved' | 'superseded' | 'failed'): void
  /** A message or a reminder was delivered, or is tried again. */
  delivered(type: string, kind: string, outcome: DeliveryOutcome): void
}

/** Rested too long; had to make room for another; memory was short. */
export type PassivationReason = 'idle' | 'room' | 'memory'

/** What became of a message or a reminder; what is unreadable waits for somebody to mend it. */
export type DeliveryOutcome = 'executed' | 'refused' | 'failed' | 'unreadable'
