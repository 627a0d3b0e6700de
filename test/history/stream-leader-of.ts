import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { NatsCluster } from '../support/nats.ts'
import { until } from '../support/until.ts'

/** The name of the server that leads the namespace's stream, once all replicas follow it. */
export async function streamLeaderOf(cluster: NatsCluster, namespace: string): Promise<string> {
  const nats = await connect({ servers: cluster.urls })
  try {
    const manager = await jetstreamManager(nats, { checkAPI: false })
    return await until(
      async () => {
        const { cluster: group } = await manager.streams.info(`AETHER_${namespace}`)
        const follow = group?.replicas?.every(({ current, offline }) => current && !offline)
        return follow ? (group?.leader ?? false) : false
      },
      { description: 'all replicas of the stream follow its leader', timeoutMs: 60_000 },
    )
  } finally {
    await nats.close()
  }
}
