import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Backend, Retention } from 'aether'
import { memory } from 'aether/memory'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import { startNatsCluster, startNatsServer } from './nats.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Real backends of one kind, each call a place of its own. */
export interface BackendSource extends AsyncDisposable {
  fresh(settings?: PlaceSettings): Backend
}

/** What holds for a place from the beginning. */
interface PlaceSettings {
  readonly retention?: Retention
}

export interface BackendKind {
  readonly name: string
  start(): Promise<BackendSource>
}

/** Every backend there is: what holds on one must hold on all. */
export const backendKinds: readonly BackendKind[] = [
  {
    name: 'memory',
    start: async () => ({
      fresh: (settings) => memory(settings),
      async [Symbol.asyncDispose]() {},
    }),
  },
  {
    name: 'sqlite',
    async start() {
      const folder = await temporaryFolder()
      return {
        fresh: (settings) => sqlite(join(folder.path, `${randomUUID()}.db`), settings),
        [Symbol.asyncDispose]: () => folder.remove(),
      }
    },
  },
  {
    name: 'JetStream, one replica',
    async start() {
      const server = await startNatsServer()
      return {
        fresh: (settings) =>
          nats({
            servers: server.url,
            namespace: randomUUID(),
            durability: 'trust',
            ...settings,
          }),
        [Symbol.asyncDispose]: () => server.stop(),
      }
    },
  },
  {
    name: 'JetStream, three replicas',
    async start() {
      const cluster = await startNatsCluster()
      return {
        fresh: (settings) =>
          nats({
            ...settings,
            servers: cluster.urls,
            namespace: randomUUID(),
            replicas: 3,
            durability: 'trust',
          }),
        [Symbol.asyncDispose]: () => cluster.stop(),
      }
    },
  },
]
