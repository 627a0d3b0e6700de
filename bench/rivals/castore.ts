import { EventStore, EventType, type EventDetail, type EventStorageAdapter } from '@castore/core'
import { InMemoryEventStorageAdapter } from '@castore/event-storage-adapter-in-memory'
import { PostgresEventStorageAdapter } from '@castore/event-storage-adapter-postgres'
import type { PostgresServer } from '../postgres.ts'
import { data } from '../sample.ts'
import { decide, evolve, initialState, type Rival } from './rival.ts'

type Data = typeof data
type PlacedDetail = EventDetail<'Placed', Data>

export async function castoreMemory(): Promise<Rival> {
  return rivalOn(new InMemoryEventStorageAdapter())
}

export async function castorePostgres(postgres: PostgresServer): Promise<Rival> {
  const { url } = await postgres.newDatabase()
  await PostgresEventStorageAdapter.createEventTable({
    connectionString: url,
    aggregateId: { type: 'VARCHAR', length: 64 },
  })
  // It has no way to close its connections: they end with the server.
  return rivalOn(new PostgresEventStorageAdapter({ connectionString: url }))
}

function rivalOn(eventStorageAdapter: EventStorageAdapter): Rival {
  const store = new EventStore({
    eventStoreId: 'orders',
    eventTypes: [new EventType<'Placed', Data>({ type: 'Placed' })],
    reducer: (
      state: { aggregateId: string; version: number; total: number },
      event: PlacedDetail,
    ) => ({
      aggregateId: event.aggregateId,
      version: event.version,
      ...evolve(state ?? initialState, event.payload),
    }),
    eventStorageAdapter,
  })
  const push = (aggregateId: string, version: number): Promise<unknown> =>
    store.pushEvent({ aggregateId, version, type: 'Placed', payload: data })
  return {
    append: (stream) => push(stream, 1),
    async fill(stream, count) {
      for (let version = 1; version <= count; version++) await push(stream, version)
    },
    load: async (stream) => (await store.getEvents(stream)).events.length,
    async command(stream) {
      const { aggregate } = await store.getAggregate(stream)
      decide(aggregate ?? initialState)
      await push(stream, (aggregate?.version ?? 0) + 1)
    },
    [Symbol.asyncDispose]: async () => undefined,
  }
}
