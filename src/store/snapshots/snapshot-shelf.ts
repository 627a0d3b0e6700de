import type { ActorId } from '../../core/index.ts'

/**
 * What a backend implements for snapshots: one slot for text an actor. What the text says, which one
 * may replace which, and what to do about a corrupt one is decided above it, once, by
 * {@link Snapshots}.
 */
export interface SnapshotShelf {
  /** What is in the actor's slot, as text; perhaps not yet what was put there a moment ago. */
  load(actorId: ActorId, signal: AbortSignal | undefined): Promise<string | undefined>
  /** {@link load}, but never older than the last put that succeeded. Left out where `load` isn't either. */
  loadNewest?(actorId: ActorId): Promise<string | undefined>
  /**
   * Puts the offered text into the actor's slot if and only if `replaces` agrees to what is there, which it
   * may be asked several times. False where it doesn't agree. It need not survive a power cut.
   */
  save(actorId: ActorId, offer: ShelfOffer, replaces: Replaces): Promise<boolean>
  /** Releases everything. Called once. */
  close(): Promise<void>
}

/** What is to be put on a shelf. */
export interface ShelfOffer {
  readonly text: string
  /**
   * What this shelf itself put there with a smaller version gives way: it need not be looked at, as long as
   * nobody has replaced it.
   */
  readonly version: number
}

/** Whether this text, or nothing, may give way. */
export type Replaces = (current: string | undefined) => boolean
