import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterAll, beforeAll } from 'vitest'
import { type NatsServer, type NatsServerOptions, startNatsServer } from '../support/nats.ts'

/** A server, and how to look and reach into it behind the stores. */
export interface ServerOfTests {
  readonly server: NatsServer
  readonly raw: NatsConnection
  readonly manager: JetStreamManager
}

/** One server for all tests of a file, which are told where it is as soon as it runs. */
export function useServer(
  options: NatsServerOptions,
  tell: (started: ServerOfTests) => void,
): void {
  const ends = new AsyncDisposableStack()
  beforeAll(async () => {
    const server = ends.use(await startNatsServer(options))
    const raw = await connect({ servers: server.url })
    ends.defer(() => raw.close())
    tell({ server, raw, manager: await jetstreamManager(raw) })
  })
  afterAll(() => ends.disposeAsync())
}
