import type { StoredEvent } from '../core/index.ts'

/**
 * Is told what happens to a store, so that it can be counted. It is called on the way of the appends:
 * it must neither throw nor take long.
 */
export interface StoreObserver {
  /** Events were stored, of one actor or several, none of those that were guarded alone; that took so many milliseconds. */
  stored(parts: readonly (readonly StoredEvent[])[], ms: number): void
  /** Nothing was stored, as the actor was at another version. */
  conflicted(actorId: string, ms: number): void
  /** Nothing was stored, or it isn't known. */
  failed(error: unknown, ms: number): void
  /** Somebody follows the log, as long as this isn't disposed of. */
  following(): Disposable
}
