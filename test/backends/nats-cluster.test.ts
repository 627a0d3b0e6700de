import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import type { ActorId } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { type NatsCluster, type NatsServer, startNatsCluster } from '../support/nats.ts'
import { until } from '../support/until.ts'
import { Appenders } from './appenders.ts'
import { Payments } from './nats-payments.ts'
import { Transfers } from './nats-transfers.ts'
import { Wire } from './wire.ts'

/** An election takes 4 to 7 s here, and much longer on a busy machine. */
const retryForMs = 60_000
const alice: ActorId = 'account-alice'

let cluster: NatsCluster

beforeAll(async () => {
  cluster = await startNatsCluster()
})
afterAll(() => cluster.stop())

async function open(namespace: string, servers: string | readonly string[]): Promise<EventStore> {
  const store = await nats({ servers, namespace, replicas: 3, retryForMs }).openStore()
  onTestFinished(() => store.close())
  return store
}

async function leaderOf(namespace: string): Promise<NatsServer> {
  const connection = await connect({ servers: [...cluster.urls] })
  try {
    const manager = await jetstreamManager(connection)
    const leader = await until(
      async () => (await manager.streams.info(`AETHER_${namespace}`)).cluster?.leader,
      { description: 'the stream has a leader' },
    )
    return cluster.node(leader)
  } finally {
    await connection.close()
  }
}

test('through a replica that lags behind, all that is acknowledged is read', async () => {
  const writer = await open('lagging', cluster.urls)
  const leader = await leaderOf('lagging')
  const replica = cluster.nodes.find((node) => node !== leader) as NatsServer
  const reader = await open('lagging', replica.url)
  const large = [{ type: 'Noted', data: 'x'.repeat(900_000) }]
  let version = 0
  for (let round = 0; round < 6; round++) {
    await replica.pause()
    for (let count = 0; count < 12; count++)
      await writer.append(alice, large, { expectedVersion: version++ })
    // Asked while it's frozen, it answers first and catches up then.
    const versions = Promise.all(Array.from({ length: 5 }, () => reader.latestVersion(alice)))
    const tail = Array.fromAsync(reader.read(alice, { fromVersion: version - 1 }))
    replica.resume()
    expect(await versions).toEqual(Array(5).fill(version))
    expect((await tail).map((event) => event.version)).toEqual([version - 1, version])
  }
  expect(await Array.fromAsync(reader.readAll())).toHaveLength(version)
})

test('an append whose answer is lost is repeated, found, and stored once', async () => {
  const wire = await Wire.to((cluster.nodes[0] as NatsServer).port)
  const store = await open('unanswered', wire.url)
  onTestFinished(() => wire[Symbol.asyncDispose]())
  const observer = await open('unanswered', cluster.urls)
  await store.append(alice, [{ type: 'Noted', data: 1 }], { expectedVersion: 0 })
  wire.hold('answers')
  const appending = store.append(alice, [{ type: 'Noted', data: 2 }], { expectedVersion: 1 })
  await until(async () => (await observer.latestVersion(alice)) === 2, {
    description: 'it is stored',
  })
  wire.cut()
  wire.mend()
  expect(await appending).toMatchObject({ ok: true, version: 2, duplicate: false })
  expect(await Array.fromAsync(observer.readAll())).toHaveLength(2)
})

test('kill -9 of the leader: appends go on elsewhere, and none is lost or doubled', async () => {
  const store = await open('killed', cluster.urls)
  const appenders = new Appenders(store)
  await appenders.untilMore(200)
  const leader = await leaderOf('killed')
  await leader.kill()
  await appenders.untilMore(200)
  await appenders.finish()
  await appenders.verify()
  await leader.restart()
})

test('kill -9 of the leader during guarded commits: none rests on what was changed before it', async () => {
  const payments = new Payments(await open('guarded', cluster.urls))
  await payments.untilMore(100)
  const leader = await leaderOf('guarded')
  await leader.kill()
  await payments.untilMore(100)
  await payments.finish()
  await payments.verify()
  await leader.restart()
})

test('kill -9 of the leader during commits over several actors: never half of one', async () => {
  const store = await open('halved', cluster.urls)
  const transfers = new Transfers(store)
  await transfers.untilMore(100)
  await (await leaderOf('halved')).kill()
  await transfers.untilMore(100)
  await transfers.finish()
  await transfers.verify()
})
