import { join } from 'node:path'
import type { Backend } from 'aether'
import { nats } from 'aether/nats'
import { sqlite } from 'aether/sqlite'
import {
  type NatsServer,
  type NatsServerOptions,
  startNatsCluster,
  startNatsServer,
} from '../support/nats.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { type Disturbance, ofLeader, ofServer, ofWorkers } from './disturbance.ts'
import type { HistoryWorker } from './history-worker.ts'
import type { StorePlace } from './history-worker-child.ts'

/** A store that several processes use, and what can happen to it. */
export interface HistorySetup extends AsyncDisposable {
  readonly backend: Backend
  /** As the process of this number opens it. */
  placeFor(index: number): StorePlace
  /** The most time between two disturbances, in milliseconds. */
  readonly calmMs: number
  disturbances(workers: readonly HistoryWorker[]): readonly Disturbance[]
  /** Those that run for it alone. */
  readonly servers: readonly NatsServer[]
}

export const historyBackends = ['sqlite', 'nats-r1', 'nats-r3'] as const
export type HistoryBackend = (typeof historyBackends)[number]

export function startSetup(backend: HistoryBackend): Promise<HistorySetup> {
  switch (backend) {
    case 'sqlite':
      return onSqlite()
    case 'nats-r1':
      return onServer()
    case 'nats-r3':
      return onCluster()
  }
}

const namespace = 'history'
const serverOptions: NatsServerOptions = { readyTimeoutMs: 60_000 }

async function onSqlite(): Promise<HistorySetup> {
  const folder = await temporaryFolder()
  const file = join(folder.path, 'events.db')
  return {
    backend: sqlite(file),
    placeFor: () => ({ sqliteFile: file }),
    calmMs: 600,
    disturbances: ofWorkers,
    servers: [],
    [Symbol.asyncDispose]: () => folder.remove(),
  }
}

async function onServer(): Promise<HistorySetup> {
  const server = await startNatsServer(serverOptions)
  return {
    ...natsPlaces([server.url], 1),
    calmMs: 2_000,
    disturbances: (workers) => [...ofServer(server), ...ofServer(server), ...ofWorkers(workers)],
    servers: [server],
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function onCluster(): Promise<HistorySetup> {
  const cluster = await startNatsCluster(serverOptions)
  const ofTheLeader = ofLeader(cluster, `AETHER_${namespace}`)
  return {
    ...natsPlaces(cluster.urls, 3),
    calmMs: 4_000,
    disturbances: (workers) => [...ofTheLeader, ...ofTheLeader, ...ofWorkers(workers)],
    servers: cluster.nodes,
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}

/** Half of the processes give up soon, so that not all outcomes are happy ones. */
function natsPlaces(
  servers: readonly string[],
  replicas: number,
): Pick<HistorySetup, 'backend' | 'placeFor'> {
  const options = { servers, namespace, replicas }
  const impatient = { requestTimeoutMs: 1_000, retryForMs: 2_000 }
  return {
    backend: nats({ ...options, retryForMs: 60_000 }),
    placeFor: (index) => ({
      natsOptions: { ...options, name: `worker-${index}`, ...(index % 2 === 1 && impatient) },
    }),
  }
}
