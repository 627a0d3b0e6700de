import { type ActorId, type NewEvent, type StoredEvent, systemClock } from '../../core/index.ts'
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

/** Asks again until it holds, for half a minute. */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  for (let checksLeft = 1_500; ; checksLeft--) {
    try {
      await check()
      return
    } catch (error) {
      if (checksLeft === 0) throw error
    }
    await systemClock.sleep(20)
  }
}
