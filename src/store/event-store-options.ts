import type { Clock, IdSource, Logger } from '../core/index.ts'
import type { StoreObserver } from './store-observer.ts'

export const defaultRememberedVersions = 10_000

/** Settings of a store, the same for every backend. */
export interface EventStoreOptions {
  /** @default the system's */
  readonly clock?: Clock
  /** Makes those of events. @default UUIDs, which share their random digits and count on */
  readonly ids?: IdSource
  /** @default 1,000 */
  readonly maxEventsPerAppend?: number
  /**
   * Of how many actors at most the version is remembered, and the newest hash of a chain; of half as many at
   * least. @default 10,000
   */
  readonly rememberedVersions?: number
  /**
   * Puts a hash into each event's metadata, over its content and the hash of the actor's event before
   * it, by which `verifyStore` finds what was changed. Writes to one actor take turns. @default false
   */
  readonly hashChain?: boolean
  /** @default warnings of the process */
  readonly logger?: Logger
  /** Is told of each write and subscription, to count them. @default nobody */
  readonly observer?: StoreObserver
}
