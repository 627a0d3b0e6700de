import type { EventStore } from './event-store.ts'
import type { EventStoreOptions } from './commit-log-event-store.ts'

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
   * What it is and how it is kept, by name: for people. Makes nothing that is missing.
   * @throws AetherError as `openStore`
   */
  inspect?(): Promise<Readonly<Record<string, string | number | boolean>>>
}
