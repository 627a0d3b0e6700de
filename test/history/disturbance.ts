import { setTimeout as pause } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsCluster, NatsServer } from '../support/nats.ts'
import type { Freeze } from './check-reads.ts'
import { now } from './history.ts'
import type { HistoryWorker } from './history-worker.ts'
import type { SeededRandom } from '../support/seeded-random.ts'

/** How long a server that was frozen may go on without knowing that it was replaced. */
const noticeMs = 15_000

/** What is done to a store while it's worked with, and undone again. */
export interface Disturbance {
  readonly name: 'kill' | 'freeze' | 'restart'
  /** Resolves when all runs again. */
  disturb(random: SeededRandom): Promise<Freeze | undefined>
}

/** Kills and freezes of processes that use the store: all but the first, which has to see all. */
export function ofWorkers([, ...workers]: readonly HistoryWorker[]): readonly Disturbance[] {
  return [
    {
      name: 'kill',
      async disturb(random) {
        const worker = random.pick(workers)
        await worker.kill()
        await worker.start()
        return undefined
      },
    },
    {
      name: 'freeze',
      async disturb(random) {
        const worker = random.pick(workers)
        await worker.freeze()
        await pause(200 + random.below(1_500))
        worker.thaw()
        return undefined
      },
    },
  ]
}

/** Of the only server. */
export function ofServer(server: NatsServer): readonly Disturbance[] {
  return disturbancesOf(async () => server, { frozenMs: [300, 3_000], deadMs: [0, 1_500] })
}

/** Of the server that leads the stream, whichever it is then; the others have to replace it. */
export function ofLeader(cluster: NatsCluster, stream: string): readonly Disturbance[] {
  return disturbancesOf(() => leaderOf(cluster, stream), {
    frozenMs: [1_000, 12_000],
    deadMs: [3_000, 8_000],
  })
}

type Range = readonly [from: number, to: number]

function disturbancesOf(
  find: () => Promise<NatsServer>,
  { frozenMs, deadMs }: { readonly frozenMs: Range; readonly deadMs: Range },
): readonly Disturbance[] {
  const within = ([from, to]: Range, random: SeededRandom): number =>
    from + random.next() * (to - from)
  return [
    {
      name: 'kill',
      async disturb(random) {
        const server = await find()
        await server.kill()
        await pause(within(deadMs, random))
        await server.restart()
        return undefined
      },
    },
    {
      name: 'freeze',
      async disturb(random) {
        const server = await find()
        const from = now()
        await server.pause()
        await pause(within(frozenMs, random))
        server.resume()
        return { from, to: now() + noticeMs * 1_000 }
      },
    },
    {
      name: 'restart',
      async disturb() {
        await (await find()).restart()
        return undefined
      },
    },
  ]
}

async function leaderOf(cluster: NatsCluster, stream: string): Promise<NatsServer> {
  for (;;) {
    const nats = await connect({ servers: cluster.urls, timeout: 2_000 })
    try {
      const manager = await jetstreamManager(nats, { checkAPI: false, timeout: 2_000 })
      const { leader } = (await manager.streams.info(stream)).cluster ?? {}
      if (leader) return cluster.node(leader)
    } catch {
      // None is elected yet.
    } finally {
      await nats.close()
    }
    await pause(100)
  }
}
