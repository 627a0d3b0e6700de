import type { StoredEvent } from '../../core/index.ts'

/** What a read gives: its events one by one, as the loop over it wants them, or all at once. */
export interface EventRead<Entry = StoredEvent> extends AsyncIterable<Entry> {
  /**
   * All that the loop would give, or what is left of it: the same events, the same errors, ended by the same
   * signal, but without a promise for each event. The array is the caller's. All of it is in memory then, so
   * what may be long is given a `limit`, or read by a loop.
   *
   * ```ts
   * const events = await store.read('order-1').toArray()
   * ```
   * @throws as the loop, and then gives nothing of what came before
   */
  toArray(): Promise<Entry[]>
}
