import type { EventStore } from './event-store.ts'
import type { EventStoreOptions } from './event-store-options.ts'

/** A place to keep events in, described but not yet opened. */
export interface Backend {
  /** For people: `sqlite:bank.db`. */
  readonly name: string
  /**
   * Opens the files or connections and makes what is missing.
   * @throws AetherError `incompatible-store`, `store-unavailable`, `missing-dependency`
   */
  openStore(options?: EventStoreOptions): Promise<EventStore>
  /**
   * Makes all that its stores will ever need, and changes nothing that is there: for whoever may make it,
   * where others may only use it. Without it, {@link openStore} makes all of that.
   * @throws AetherError as `openStore`
   */
  init?(): Promise<void>
  /**
   * What it is and how it is kept, by name: for people. Makes nothing that is missing.
   * @throws AetherError as `openStore`
   */
  inspect?(): Promise<Readonly<Record<string, string | number | boolean>>>
}
