import { afterAll, beforeAll, describe, test } from 'vitest'
import { nats } from '../../src/backends/nats/index.ts'
import { eventStoreConformance } from '../../src/testing/index.ts'
import { startNatsCluster, startNatsServer } from '../support/nats.ts'

interface Servers extends AsyncDisposable {
  readonly urls: readonly string[]
}

const setups = [
  { title: 'one server', replicas: 1, start: startOne },
  { title: 'three replicas', replicas: 3, start: startNatsCluster },
]

describe.each(setups)('JetStream, $title', ({ replicas, start }) => {
  let servers: Servers
  beforeAll(async () => {
    servers = await start()
  })
  afterAll(() => servers[Symbol.asyncDispose]())

  for (const [index, { name, run }] of eventStoreConformance.entries()) {
    test(name, async () => {
      const backend = nats({ servers: servers.urls, namespace: `case-${index}`, replicas })
      await run({ open: (options) => backend.openStore(options) })
    })
  }
})

async function startOne(): Promise<Servers> {
  const server = await startNatsServer()
  return { urls: [server.url], [Symbol.asyncDispose]: () => server.stop() }
}
