import { randomUUID } from 'node:crypto'
import { jetstream } from '@nats-io/jetstream'
import { type NatsServer, startNatsServer } from '../test/support/nats.ts'
import { monitored, monitoringOf } from '../test/support/nats-monitoring.ts'
import { type Comparison, type Contender, contender, inFlight, speed } from './comparison.ts'
import { group } from './group.ts'
import { openPlace, type StreamPlace } from './jetstream-place.ts'
import { placed } from './sample.ts'
import { scaled } from './scale.ts'
import { bodyOfCommit } from './stored-commit.ts'

const eventsOfCommit = 20

export const jetStreamAppendGroup = group<NatsServer>({
  name: 'JetStream, writing',
  remarks: [
    'One server, one replica, streams of the same configuration on the same disk.',
    'The stock client connects with `noAsyncTraces`, and gives the same expectation and a message id, which Aether does without.',
  ],
  open: () => startNatsServer(),
  comparisons: [
    appendComparison(1, scaled(2_000), 1),
    appendComparison(64, scaled(20_000), 1.8),
    appendComparison(256, scaled(20_000), 2),
    commitComparison(1, scaled(1_000)),
    commitComparison(16, scaled(4_000)),
  ],
})

/** A server, and where it tells that it syncs always. */
interface SyncedServer extends AsyncDisposable {
  readonly url: string
  readonly monitoring: string
}

export const jetStreamSyncedGroup = group<SyncedServer>({
  name: 'JetStream with `sync_interval: always`, writing',
  remarks: [
    'One server, one replica, streams of the same configuration on the same disk. The store knows by its monitoring that it syncs.',
    'The stock client connects with `noAsyncTraces`, and gives the same expectation and a message id, which Aether does without.',
  ],
  open: async () => {
    const server = await startNatsServer({
      config: `${monitored}\njetstream { sync_interval: always }`,
    })
    const monitoring = await monitoringOf(server)
    return {
      url: server.url,
      monitoring,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
  comparisons: [
    syncedComparison(1, scaled(500)),
    syncedComparison(64, scaled(4_000)),
    syncedComparison(256, scaled(10_000)),
  ],
})

function syncedComparison(width: number, count: number): Comparison<SyncedServer> {
  return {
    name: `conditional append, synced, ${width} in flight, against the stock client's publish with the same expectation`,
    unit: 'appends/s',
    start: async ({ url, monitoring }) => ({
      ours: await appends(await openPlace(url, monitoring), [placed], count, width),
      reference: await publishes(url, () => JSON.stringify({ events: [placed] }), count, width),
    }),
  }
}

function appendComparison(width: number, count: number, atLeast: number): Comparison<NatsServer> {
  return {
    name: `conditional append, ${width} in flight, against the stock client's publish with the same expectation`,
    unit: 'appends/s',
    target: { atLeast },
    start: async ({ url }) => ({
      ours: await appends(await openPlace(url), [placed], count, width),
      reference: await publishes(url, () => JSON.stringify({ events: [placed] }), count, width),
    }),
  }
}

function commitComparison(width: number, count: number): Comparison<NatsServer> {
  const events = Array.from({ length: eventsOfCommit }, () => placed)
  const packed = bodyOfCommit({ actorId: 'order-1', eventCount: eventsOfCommit })
  return {
    name: `commits of ${eventsOfCommit} events, ${width} in flight, against publishing the same packed bytes raw`,
    unit: 'commits/s',
    target: { atLeast: 0.8 },
    start: async ({ url }) => ({
      ours: await appends(await openPlace(url), events, count, width),
      reference: await publishes(url, () => packed, count, width),
    }),
  }
}

/** Each to an actor of its own. */
async function appends(
  place: StreamPlace,
  events: readonly (typeof placed)[],
  count: number,
  width: number,
): Promise<Contender> {
  let actors = 0
  const append = (): Promise<unknown> =>
    place.store.append(`order-${actors++}`, events, { expectedVersion: 0 })
  return onPlace(place, () => inFlight(count, width, append))
}

async function publishes(
  url: string,
  body: () => string | Uint8Array,
  count: number,
  width: number,
): Promise<Contender> {
  const place = await openPlace(url)
  const client = jetstream(place.connection)
  let actors = 0
  const publish = (): Promise<unknown> =>
    client.publish(place.subjects.of(`order-${actors++}`), body(), {
      msgID: randomUUID(),
      expect: { lastSubjectSequence: 0 },
    })
  return onPlace(place, () => inFlight(count, width, publish))
}

function onPlace(place: StreamPlace, work: () => Promise<number>): Contender {
  return contender(
    () => speed(work),
    async () => place[Symbol.asyncDispose](),
  )
}
