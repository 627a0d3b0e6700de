import { randomUUID } from 'node:crypto'
import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { EventStore } from 'aether'
import { nats } from 'aether/nats'
import { EventSubjects } from '../src/backends/nats/commits/event-subjects.ts'

/** A store with a stream of its own, and a stock client that knows this stream. */
export interface StreamPlace extends AsyncDisposable {
  readonly store: EventStore
  readonly connection: NatsConnection
  readonly manager: JetStreamManager
  readonly subjects: EventSubjects
}

/**
 * The stream is made by the store, so that whoever goes past the store meets the same settings. With the server's
 * monitoring, the store knows that it syncs always.
 */
export async function openPlace(url: string, monitoring?: string): Promise<StreamPlace> {
  const namespace = randomUUID()
  const synced = monitoring && ({ monitoring, durability: 'require' } as const)
  const store = await nats({ servers: url, namespace, ...synced }).openStore()
  const connection = await connect({ servers: url, noAsyncTraces: true })
  return {
    store,
    connection,
    manager: await jetstreamManager(connection),
    subjects: new EventSubjects(namespace),
    async [Symbol.asyncDispose]() {
      await store.close()
      await connection.close()
    },
  }
}
