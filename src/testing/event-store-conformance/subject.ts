import type { ActorId, NewEvent, StoredEvent } from '../../core/index.ts'
import type { EventStore, EventStoreOptions } from '../../store/index.ts'

/** What a backend hands to the suite: an empty place of its own for every case. */
export interface EventStoreSubject {
  /** Opens the same place again: what is stored must be there. */
  readonly open: (options?: EventStoreOptions) => Promise<EventStore>
}

export function happened(type: string, data: unknown = {}): NewEvent {
  return { type, data }
}

export async function collect(events: AsyncIterable<StoredEvent>): Promise<StoredEvent[]> {
  return Array.fromAsync(events)
}

export async function versionsOf(store: EventStore, actorId: ActorId): Promise<number[]> {
  return (await collect(store.read(actorId))).map((event) => event.version)
}
