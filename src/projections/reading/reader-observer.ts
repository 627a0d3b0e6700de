import type { StoredEvent } from '../../core/index.ts'
import type { ReaderKind } from '../definition/reader-model.ts'
import type { HeldActor } from '../progress/held-actor.ts'

/** Which reader something is told of. */
export interface ReaderName {
  readonly kind: ReaderKind
  readonly name: string
  readonly build: number
}

/** One event on its way through its handler. */
export interface Handling {
  /** Calls the handler, once. */
  run<T>(handle: () => T): T
  /**
   * It took effect, or failed by this. Not called for what has to be handled anew, as another event of
   * its batch failed, say.
   */
  end(failure?: { readonly cause: unknown }): void
}

/** Is told what the readers of a node do; what it throws harms nobody but itself, so it must not. */
export interface ReaderObserver {
  /** An event is about to be handled; undefined where nobody wants to see it: for traces. */
  begin?(reader: ReaderName, event: StoredEvent): Handling | undefined
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
