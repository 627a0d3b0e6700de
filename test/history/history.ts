import type { ActorId, ExpectedVersion } from 'aether'

/** Microseconds by the machine's monotonic clock, which all of its processes share. */
export type Instant = number

export function now(): Instant {
  return Number(process.hrtime.bigint() / 1_000n)
}

/** What a process notes down, in the order in which it came about. */
export type HistoryRecord = WriteCall | ReadCall | Answer | Given

/** Noted before the store is asked. */
export interface WriteCall {
  readonly kind: 'write'
  /** Unique among all processes. */
  readonly call: string
  readonly at: Instant
  readonly parts: readonly WritePart[]
}

export interface WritePart {
  readonly actorId: ActorId
  readonly expected: ExpectedVersion
  readonly ids: readonly string[]
}

/** Noted before the store is asked. */
export interface ReadCall {
  readonly kind: 'read'
  readonly call: string
  readonly at: Instant
  readonly of: ReadSubject
}

export type ReadSubject =
  /** All events of the actor from a version on. */
  | { readonly what: 'events'; readonly actorId: ActorId; readonly first: number }
  /** So many of the actor's newest events, the newest first. */
  | { readonly what: 'newest'; readonly actorId: ActorId; readonly limit: number }
  | { readonly what: 'version'; readonly actorId: ActorId }
  /** So many events of the log behind a position. */
  | { readonly what: 'log'; readonly after: number; readonly limit: number }

/** Noted after the store has answered. A call without one was cut short by the end of its process. */
export interface Answer {
  readonly kind: 'answer'
  readonly call: string
  readonly at: Instant
  readonly outcome: Outcome
}

export type Outcome =
  /** The places of the events of each part. */
  | { readonly is: 'stored'; readonly parts: readonly (readonly Place[])[] }
  | {
      readonly is: 'conflict'
      readonly actorId: ActorId
      readonly expected: ExpectedVersion
      readonly current: number
    }
  /** `outcome-unknown`: stored or not. */
  | { readonly is: 'unknown' }
  /** `store-unavailable`: nothing was stored, or nothing could be read. */
  | { readonly is: 'unavailable' }
  /** Any other error. */
  | { readonly is: 'failed'; readonly error: string }
  | { readonly is: 'events'; readonly events: readonly Seen[] }
  | { readonly is: 'version'; readonly version: number }

export type Place = readonly [version: number, position: number]

/** An event as a read showed it. */
export type Seen = readonly [id: string, version: number, position: number]

/** A subscription has given an event. */
export interface Given {
  readonly kind: 'given'
  /** Keeps its name when it goes on from its checkpoint in another process. */
  readonly subscription: string
  readonly id: string
  readonly position: number
  readonly checkpoint: string
}

/** An event of the log as it is read in the end, when all is over. */
export interface LoggedEvent {
  readonly id: string
  readonly actorId: ActorId
  readonly version: number
  readonly position: number
}
