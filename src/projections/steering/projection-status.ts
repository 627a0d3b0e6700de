import type { ReaderKind } from '../definition/reader-model.ts'

/** How a reader of the log is doing. */
export interface ProjectionStatus {
  readonly name: string
  readonly kind: ReaderKind
  /** Of the code that runs here. */
  readonly version: number
  /** The build that is read. */
  readonly build: number
  /** Of the code that makes that one, where it is another than `version`, and known. */
  readonly readVersion?: number
  /** The build that is to take its place, where there is one. */
  readonly next?: NextBuild
  /**
   * `stuck`: a handler, or the target, has not come back for a minute on this node. As it is seen from outside, `stopped`: no node runs it; and `silent`: none of those that ran it shows
   * that it lives, and none has taken their place.
   */
  readonly state:
    'catching-up' | 'live' | 'paused' | 'failed' | 'stuck' | 'rebuilding' | 'stopped' | 'silent'
  /** Everything up to here has taken effect, but for actors that are held back. */
  readonly position: number
  readonly lag: ProjectionLag
  /** How many actors are held back: parked, or tried again by themselves. */
  readonly parked: number
  readonly retrying: number
  /** How many nodes share its parts and show that they live, this one among them. */
  readonly members: number
  /** Nodes that ran it and show no sign of life any more, as long as no other has taken their place. */
  readonly silent?: SilentMembers
  /** Why it can't go on, where it has failed, or what it waits for, where it is stuck. */
  readonly error?: { readonly code?: string; readonly message: string }
}

/** A build beside the one that is read. */
export interface NextBuild {
  readonly build: number
  /** Of the code that makes it. */
  readonly version: number
  /** How many nodes of that code make it and show that they live: 0 where it waits for some. */
  readonly members: number
}

/** Those who were killed, or are frozen or cut off. */
export interface SilentMembers {
  readonly members: number
  /** How long ago one of them was heard of last, as far as the clocks of the two agree. */
  readonly seconds: number
}

/** How far behind the end of the log. */
export interface ProjectionLag {
  /**
   * How much of the log isn't looked at yet, of all actors: events in memory and SQLite, and on JetStream
   * messages, which hold what one commit does to one actor. What is held back was looked at.
   */
  readonly events: number
  /**
   * The age of the oldest event for it that has not taken effect yet, also of actors that are held back; 0
   * where there is none. Of a held-back event that can't be read, how long ago it failed first.
   */
  readonly seconds: number
}
