import type { StreamInfo } from '@nats-io/jetstream'
import { AetherError, type Logger } from '../../../core/index.ts'
import type { NatsSettings } from '../connection/nats-options.ts'
import type { StreamLeader } from '../reading/stream-leader.ts'
import type { SyncSetting } from './server-report.ts'
import { findSyncSettings, type SyncSettingsContext } from './sync-settings.ts'

export interface DurabilityCheckContext extends SyncSettingsContext {
  readonly leader: StreamLeader
  readonly settings: NatsSettings
  readonly logger: Logger
}

/** When it is looked: who opens is told of a refusal by that alone. */
type Occasion = 'opening' | 'reconnection'

/** What each logger was told already: it hears of a server or a stream once, until that is mended. */
const told = new WeakMap<Logger, Set<string>>()

/**
 * Looks whether the servers that keep the stream now sync whatever they acknowledge, as the option
 * `durability` demands: refuses, or tells the logger in its own time, or doesn't look.
 * @param found is told whether the stream has one server alone, and that syncs always: then it syncs for each message
 * @throws AetherError `incompatible-store`, and whatever the leader's answer comes to.
 */
export async function checkDurability(
  context: DurabilityCheckContext,
  occasion: Occasion,
  found: (isSyncedAlone: boolean) => void,
): Promise<void> {
  const { settings, link } = context
  if (settings.durability === 'trust') return
  const looking = look(context, occasion, link.closing).then(found)
  if (settings.durability === 'require') return looking
  looking.catch(() => undefined) // the store was closed, or its stream is lost: others tell that
}

/** Gives what {@link checkDurability} tells. */
async function look(
  context: DurabilityCheckContext,
  occasion: Occasion,
  signal: AbortSignal,
): Promise<boolean> {
  const { leader, settings, logger } = context
  const info = await leader.info(signal)
  const syncs = await findSyncSettings(serversOf(info), context, signal)
  for (const [server, sync] of syncs) {
    if (sync.kind === 'always') forget(logger, server)
    else {
      const message = complaintOf(server, sync)
      if (occasion === 'reconnection' || settings.durability === 'warn')
        tell(logger, `${server} ${sync.kind}`, { server, ...sync }, message)
      if (settings.durability === 'require') throw new AetherError('incompatible-store', message)
    }
  }
  tellOfOneReplica(info, context)
  return syncs.size === 1 && [...syncs.values()].every(({ kind }) => kind === 'always')
}

/** Those that keep a copy: a server that only passes things on may lose them. */
function serversOf({ cluster }: StreamInfo): readonly string[] {
  return [cluster?.leader ?? 'unknown', ...(cluster?.replicas ?? []).map(({ name }) => name)]
}

const remedy = 'set jetstream { sync_interval: always } in its configuration'

function complaintOf(
  server: string,
  sync: SyncSetting & { readonly kind: 'lazy' | 'unknown' },
): string {
  if (sync.kind === 'lazy') {
    return `nats-server ${server} syncs its disk every ${sync.intervalMs / 1_000} s: a power cut can lose events that were acknowledged; ${remedy}`
  }
  return `whether nats-server ${server} syncs its disk before it acknowledges can't be seen (${sync.reason}); by default it does not, and a power cut can lose acknowledged events: ${remedy}, and name its HTTP monitoring (the option monitoring), or know better (durability: 'trust')`
}

/** Only where nobody has said how many there should be. */
function tellOfOneReplica({ config }: StreamInfo, context: DurabilityCheckContext): void {
  const { link, settings, logger } = context
  const cluster = link.nats.info?.cluster
  if (!cluster || config.num_replicas > 1 || settings.replicas !== undefined) return
  tell(
    logger,
    `${cluster} ${config.name}`,
    { stream: config.name, cluster },
    `the stream ${config.name} is kept by one server of the cluster ${cluster}: while that is away nothing can be read or written, and with its disk all events are gone; raise num_replicas to 3, or say replicas: 1 where that is meant`,
  )
}

function tell(logger: Logger, key: string, fields: object, message: string): void {
  const keys = told.get(logger) ?? new Set()
  told.set(logger, keys)
  if (keys.has(key)) return
  keys.add(key)
  logger.warn(fields, message)
}

/** Should it get worse again, that is news. */
function forget(logger: Logger, server: string): void {
  const keys = told.get(logger)
  for (const kind of ['lazy', 'unknown']) keys?.delete(`${server} ${kind}`)
}
