import { connect } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import { type NatsServer, startNatsServer } from '../support/nats.ts'
import { asking, login } from '../support/nats-monitoring.ts'
import { Appenders } from './appenders.ts'
import { Transfers } from './nats-transfers.ts'
import type { Writers } from './writers.ts'

test('kill -9 of the server during appends: what is acknowledged is there, once', async () => {
  await using server = await startNatsServer()
  await using store = await nats({ servers: server.url, retryForMs: 60_000 }).openStore()
  const appenders = new Appenders(store)
  await killDuring(appenders, server, { kills: 4, between: 500 })
  await appenders.verify()
})

test('kill -9 of a server that syncs for each, during appends that share batches: what is acknowledged is there, once', async () => {
  const config = `${asking}\njetstream { sync_interval: always }`
  await using server = await startNatsServer({ config, credentials: login })
  const raw = await connect({
    servers: server.url,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 10,
    ...login,
  })
  let batches = 0
  raw.subscribe('aether.default.event.>', {
    callback: (_, { headers }) => void (batches += headers?.has('Nats-Batch-Commit') ? 1 : 0),
  })
  const options = { servers: server.url, ...login, durability: 'require' } as const
  await using store = await nats({ ...options, retryForMs: 60_000 }).openStore()
  const appenders = new Appenders(store)
  await killDuring(appenders, server, { kills: 4, between: 500 })
  await appenders.verify()
  expect(batches).toBeGreaterThan(5)
  await raw.close()
})

test('kill -9 of the server during commits over several actors: never half of one', async () => {
  await using server = await startNatsServer()
  await using store = await nats({ servers: server.url, retryForMs: 60_000 }).openStore()
  const transfers = new Transfers(store)
  await killDuring(transfers, server, { kills: 6, between: 60 })
  await transfers.verify()
})

/** So much is acknowledged before each kill, and behind the last. */
async function killDuring(
  writers: Writers<string>,
  server: NatsServer,
  { kills, between }: { readonly kills: number; readonly between: number },
): Promise<void> {
  for (let killed = 0; killed < kills; killed++) {
    await writers.untilMore(between)
    await server.kill()
    await server.restart()
  }
  await writers.untilMore(between)
  await writers.finish()
}
