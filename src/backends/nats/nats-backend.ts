import { type Clock, type Logger, processLogger, systemClock } from '../../core/index.ts'
import { type Backend, CommitLogEventStore } from '../../store/index.ts'
import { ActorFloors } from './actor-floors.ts'
import { ActorHeads } from './actor-heads.ts'
import { ActorReader } from './actor-reader.ts'
import { ActorScan } from './actor-scan.ts'
import { ActorTrimming } from './actor-trimming.ts'
import { BackLinkReader } from './back-link-reader.ts'
import { BusSubjects } from './bus-subjects.ts'
import { type ClientLibrary, loadClientLibrary } from './client-library.ts'
import { CommitFeed } from './commit-feed.ts'
import { CommitPublisher } from './commit-publisher.ts'
import { CommitWriter } from './commit-writer.ts'
import { ConditionalPublisher } from './conditional-publisher.ts'
import { connect } from './connect.ts'
import { checkDurability } from './durability-check.ts'
import { openEventStream } from './event-stream.ts'
import { EventSubjects } from './event-subjects.ts'
import { GrowthWatch } from './growth-watch.ts'
import { inspectStream } from './inspect-stream.ts'
import { JetStreamAgenda } from './jetstream-agenda.ts'
import { JetStreamCommitLog } from './jetstream-commit-log.ts'
import { JetStreamSnapshotShelf } from './jetstream-snapshot-shelf.ts'
import { JetStreamTableShelf } from './jetstream-table-shelf.ts'
import { LogReader } from './log-reader.ts'
import { LongRun } from './long-run.ts'
import { NatsBroadcast } from './nats-broadcast.ts'
import { NatsLink } from './nats-link.ts'
import { checkOptions, type NatsOptions, type NatsSettings } from './nats-options.ts'
import { ReplicaReader } from './replica-reader.ts'
import { SharedInbox } from './shared-inbox.ts'
import { SnapshotSubjects } from './snapshot-subjects.ts'
import { StreamLeader } from './stream-leader.ts'

/**
 * Keeps events in NATS JetStream: one stream a namespace, made when it is missing. Any number of
 * processes may use it at once. Needs the packages `@nats-io/transport-node` and
 * `@nats-io/jetstream`, and nats-server 2.14 or newer.
 * @throws AetherError `invalid-argument`
 */
export function nats(options: NatsOptions): Backend {
  const settings = checkOptions(options)
  return {
    name: `nats://${settings.addresses.hosts.join(',')}/${settings.namespace}`,
    openStore: async (storeOptions = {}) => {
      const { clock = systemClock, logger = processLogger } = storeOptions
      const parts = await openParts(settings, clock, logger)
      const { log, shelf, ...extras } = parts
      return new CommitLogEventStore(log, shelf, storeOptions, extras)
    },
    async inspect() {
      const library = await loadClientLibrary()
      const { inboxes } = new EventSubjects(settings.namespace)
      const link = new NatsLink(library, await connect(library, settings), inboxes)
      try {
        return await inspectStream(library, link, settings)
      } finally {
        await link.close()
      }
    },
  }
}

interface StoreParts {
  readonly log: JetStreamCommitLog
  readonly shelf: JetStreamSnapshotShelf
  readonly agenda: JetStreamAgenda
  readonly broadcast: NatsBroadcast
  readonly tables: JetStreamTableShelf
}

async function openParts(
  settings: NatsSettings,
  clock: Clock,
  logger: Logger,
): Promise<StoreParts> {
  const library = await loadClientLibrary()
  const subjects = new EventSubjects(settings.namespace)
  const link = new NatsLink(library, await connect(library, settings), subjects.inboxes)
  try {
    return await assemble({ library, link, subjects, settings, clock, logger })
  } catch (error) {
    await link.close()
    throw error
  }
}

interface Ground {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly subjects: EventSubjects
  readonly settings: NatsSettings
  readonly clock: Clock
  readonly logger: Logger
}

async function assemble(ground: Ground): Promise<StoreParts> {
  const { library, link, subjects, settings, clock, logger } = ground
  const { requestTimeoutMs, retryForMs, rememberedActors, monitoring } = settings
  const manager = await library.jetstream.jetstreamManager(link.nats, {
    checkAPI: false,
    timeout: requestTimeoutMs,
  })
  const kept = await openEventStream({ library, link, manager, subjects, settings })

  const { stream } = subjects
  const timeoutMs = requestTimeoutMs
  const inbox = new SharedInbox(library, link, timeoutMs)
  const leader = new StreamLeader({ library, link, manager, inbox, stream, retryForMs })
  await checkDurability({ library, link, leader, settings, logger, monitoring, timeoutMs })
  const replicas = new ReplicaReader({ link, stream, timeoutMs })
  const feed = new CommitFeed(replicas, leader, subjects)
  const heads = new ActorHeads(rememberedActors)
  const floors = kept && new ActorFloors(leader, subjects)
  const scan = new ActorScan({ leader, feed, subjects, floors })
  const backLinks = new BackLinkReader(replicas, leader, subjects, floors)
  const actors = new ActorReader({ leader, subjects, heads, scan, backLinks, floors })
  const conditional = new ConditionalPublisher(inbox)
  const publisher = new CommitPublisher({ publisher: conditional, leader, link, retryForMs })
  const writer = new CommitWriter({ publisher, reader: actors, subjects, heads, link, retryForMs })
  const longRun = (): LongRun =>
    new LongRun({ library, link, manager, replicas, stream, timeoutMs })
  const isTrimmed = kept !== undefined
  const log = new LogReader({ leader, replicas, longRun, subjects, isTrimmed })
  const retention =
    kept && floors && new ActorTrimming({ ...kept, actors, floors, leader, subjects })
  const growth = new GrowthWatch(library, link, stream)
  const side = { library, link, manager, eventStream: stream, retryForMs }
  const { namespace } = settings
  const shelf = new JetStreamSnapshotShelf({
    ...side,
    subjects: new SnapshotSubjects(namespace),
    requestTimeoutMs,
  })
  const agenda = new JetStreamAgenda({ ...side, namespace, conditional, inbox, clock, logger })
  const tables = new JetStreamTableShelf({ ...side, namespace, conditional, inbox })
  return {
    log: new JetStreamCommitLog({ link, writer, actors, log, growth, retention }),
    shelf,
    agenda,
    broadcast: broadcastOn(ground),
    tables,
  }
}

function broadcastOn({ library, link, settings }: Ground): NatsBroadcast {
  const subjects = new BusSubjects(settings.namespace)
  return new NatsBroadcast({ library, link, subjects, retryForMs: settings.retryForMs })
}
