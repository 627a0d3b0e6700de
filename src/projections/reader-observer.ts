import type { StoredEvent } from '../core/index.ts'
import type { HeldActor } from './held-actor.ts'
import type { ReaderKind } from './reader-model.ts'

/** Which reader something is told of. */
export interface ReaderName {
  readonly kind: ReaderKind
  readonly name: string
  readonly build: number
}

/** Is told what the readers of a node do; what it throws harms nobody but itself, so it must not. */
export interface ReaderObserver {
  /** Runs around each handler, and must give what it gives: for traces. */
  around?<T>(reader: ReaderName, event: StoredEvent, handle: () => T): T
  /** So many events took effect, the newest of them of this time. */
  handled?(reader: ReaderName, events: number, newest: StoredEvent): void
  /** An actor was held back, or tried again in vain. */
  heldBack?(reader: ReaderName, actor: HeldActor): void
  /** An actor that was held back is free again. */
  released?(reader: ReaderName, actor: HeldActor): void
  /** The reader can't go on for now, or goes on again. */
  failed?(reader: ReaderName, error: unknown): void
  recovered?(reader: ReaderName): void
}
