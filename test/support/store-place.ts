import { join } from 'node:path'
import { nats, type NatsOptions } from '../../src/backends/nats/index.ts'
import { sqlite } from '../../src/backends/sqlite/index.ts'
import type { Backend } from '../../src/store/index.ts'
import { startNatsCluster, startNatsServer } from './nats.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Where a store is, so that it can be told to another process. */
export type StorePlace = { readonly file: string } | NatsOptions

export function backendAt(place: StorePlace): Backend {
  return 'file' in place ? sqlite(place.file) : nats(place)
}

/** A place that is gone, with what runs there, once disposed. */
export interface StartedPlace extends AsyncDisposable {
  readonly place: StorePlace
}

export interface PlaceKind {
  readonly title: string
  start(): Promise<StartedPlace>
}

const durability = 'trust'

const onSqlite: PlaceKind = {
  title: 'SQLite',
  async start() {
    const folder = await temporaryFolder()
    const place = { file: join(folder.path, 'store.db') }
    return { place, [Symbol.asyncDispose]: () => folder.remove() }
  },
}

const onOneServer: PlaceKind = {
  title: 'JetStream, one server',
  async start() {
    const server = await startNatsServer()
    const place = { servers: server.url, durability } as const
    return { place, [Symbol.asyncDispose]: () => server.stop() }
  },
}

const onThreeReplicas: PlaceKind = {
  title: 'JetStream, three replicas',
  async start() {
    const cluster = await startNatsCluster()
    const place = { servers: cluster.urls, replicas: 3, durability } as const
    return { place, [Symbol.asyncDispose]: () => cluster.stop() }
  },
}

/** Every kind of place that several processes can share. */
export const placeKinds: readonly PlaceKind[] = [onSqlite, onOneServer, onThreeReplicas]

/** For what a cluster would add time to and show nothing about. */
export const simplePlaceKinds: readonly PlaceKind[] = [onSqlite, onOneServer]
