import { randomUUID } from 'node:crypto'
import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { EventStore } from 'aether'
import { nats } from 'aether/nats'
import { startNatsServer } from '../test/support/nats.ts'
import { type Comparison, type Contender, inFlight } from './comparison.ts'

const data = { order: 'order-1', note: 'x'.repeat(200), amount: 12.5, paid: false }

export const jetStreamComparisons: readonly Comparison[] = [
  appendComparison(1, 2_000, 1),
  appendComparison(64, 20_000, 1.8),
  appendComparison(256, 20_000, 2),
]

function appendComparison(width: number, count: number, target: number): Comparison {
  return {
    name: `JetStream: conditional append, ${width} in flight, against the stock client's publish with the same expectation`,
    unit: 'appends',
    target,
    async start() {
      const server = await startNatsServer()
      const ours = await onStore(server.url, (store, actors) =>
        inFlight(count, width, () =>
          store.append(`order-${actors()}`, [{ type: 'Placed', data }], { expectedVersion: 0 }),
        ),
      )
      const reference = await onClient(server.url, (connection, stream, actors) =>
        publishConditionally(connection, stream, actors, count, width),
      )
      return { ours, reference: alsoStopping(reference, server) }
    },
  }
}

type Numbers = () => number

function numbers(): Numbers {
  let next = 0
  return () => next++
}

async function onStore(
  url: string,
  run: (store: EventStore, actors: Numbers) => Promise<number>,
): Promise<Contender> {
  const store = await nats({ servers: url, namespace: randomUUID() }).openStore()
  const actors = numbers()
  return { run: () => run(store, actors), [Symbol.asyncDispose]: () => store.close() }
}

async function onClient(
  url: string,
  run: (connection: NatsConnection, stream: string, actors: Numbers) => Promise<number>,
): Promise<Contender> {
  const connection = await connect({ servers: url, noAsyncTraces: true })
  const stream = randomUUID()
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: stream, subjects: [`${stream}.>`], storage: StorageType.File })
  const actors = numbers()
  return {
    run: () => run(connection, stream, actors),
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

function publishConditionally(
  connection: NatsConnection,
  stream: string,
  actors: Numbers,
  count: number,
  width: number,
): Promise<number> {
  const client = jetstream(connection)
  return inFlight(count, width, () =>
    client.publish(
      `${stream}.order.${actors()}`,
      JSON.stringify({ events: [{ type: 'Placed', data }] }),
      {
        msgID: randomUUID(),
        expect: { lastSubjectSequence: 0 },
      },
    ),
  )
}

function alsoStopping(contender: Contender, server: AsyncDisposable): Contender {
  return {
    run: () => contender.run(),
    async [Symbol.asyncDispose]() {
      await contender[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
