import {
  type Clock,
  type Logger,
  processLogger,
  steadyLogger,
  systemClock,
} from '../../core/index.ts'
import { type Backend, CommitLogEventStore } from '../../store/index.ts'
import { JetStreamAgenda } from './agenda/jetstream-agenda.ts'
import { BusSubjects } from './bus/bus-subjects.ts'
import { NatsBroadcast } from './bus/nats-broadcast.ts'
import { EventSubjects } from './commits/event-subjects.ts'
import { type ClientLibrary, loadClientLibrary } from './connection/client-library.ts'
import { connect } from './connection/connect.ts'
import { NatsLink } from './connection/nats-link.ts'
import { checkOptions, type NatsOptions, type NatsSettings } from './connection/nats-options.ts'
import { SharedInbox } from './connection/shared-inbox.ts'
import { DurabilityWatch } from './durability/durability-watch.ts'
import { inspectStream } from './inspect-stream.ts'
import { JetStreamCommitLog } from './jetstream-commit-log.ts'
import { ActorFloors } from './reading/actor-floors.ts'
import { ActorHeads } from './reading/actor-heads.ts'
import { ActorReader } from './reading/actor-reader.ts'
import { ActorScan } from './reading/actor-scan.ts'
import { BackLinkReader } from './reading/back-link-reader.ts'
import { CommitFeed } from './reading/commit-feed.ts'
import { GrowthWatch } from './reading/growth-watch.ts'
import { KnownStream, type KnownStreamContext } from './reading/known-stream.ts'
import { LogReader } from './reading/log-reader.ts'
import { LongRun } from './reading/long-run.ts'
import { ReplicaReader } from './reading/replica-reader.ts'
import { StreamLeader } from './reading/stream-leader.ts'
import { JetStreamSnapshotShelf } from './snapshots/jetstream-snapshot-shelf.ts'
import { SnapshotSubjects } from './snapshots/snapshot-subjects.ts'
import { openEventStream } from './streams/event-stream.ts'
import { JetStreamTableShelf } from './tables/jetstream-table-shelf.ts'
import { ActorTrimming } from './writing/actor-trimming.ts'
import { CommitPublisher } from './writing/commit-publisher.ts'
import { CommitWriter } from './writing/commit-writer.ts'
import { ConditionalPublisher } from './writing/conditional-publisher.ts'
import { UsedNumbers } from './writing/used-numbers.ts'

/** A namespace, of which no stream need be there yet. */
export interface NatsBackend extends Backend {
  /**
   * Makes all streams of the namespace, and changes none that is there: for the first start of those
   * whose login may not make them. Needs a login that may, as `natsPermissions(namespace, 'creator')`.
   * @throws AetherError as `openStore`, and `not-permitted`
   */
  init(): Promise<void>
}

/**
 * Keeps events in NATS JetStream: one stream a namespace, made when it is missing. Any number of
 * processes may use it at once. Needs the packages `@nats-io/transport-node` and
 * `@nats-io/jetstream`, and nats-server 2.14.4 or newer.
 * @throws AetherError `invalid-argument`
 */
export function nats(options: NatsOptions): NatsBackend {
  const settings = checkOptions(options)
  return {
    name: nameOf(settings),
    openStore: async (storeOptions = {}) => {
      const { clock = systemClock } = storeOptions
      const logger = steadyLogger(storeOptions.logger)
      const parts = await openParts(settings, clock, logger)
      const { log, shelf, ...extras } = parts
      return new CommitLogEventStore(log, shelf, storeOptions, extras)
    },
    init: () => makeStreams(settings),
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

/** All of them, for those whose login may not make what they come to need. */
async function makeStreams(settings: NatsSettings): Promise<void> {
  const { log, shelf, agenda, tables } = await openParts(settings, systemClock, processLogger)
  try {
    for (const kept of [shelf, agenda, tables]) await kept.makeReady()
  } finally {
    await log.close()
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
  const made = await openEventStream({ library, link, manager, subjects, settings })
  const { retention: kept, logId } = made

  const { stream } = subjects
  const timeoutMs = requestTimeoutMs
  const inbox = new SharedInbox(library, link, timeoutMs)
  const known = knownBehind(link, { library, manager, stream, logger })
  const leader = new StreamLeader({ library, link, manager, inbox, stream, retryForMs, known })
  const around = { library, link, leader, settings, logger, monitoring, timeoutMs }
  const durability = await DurabilityWatch.open(around)
  const replicas = new ReplicaReader({ link, inbox, stream, timeoutMs })
  const feed = new CommitFeed(replicas, leader, subjects)
  const heads = new ActorHeads(rememberedActors)
  const floors = kept && new ActorFloors(leader, subjects)
  const scan = new ActorScan({ leader, feed, subjects, floors })
  const backLinks = new BackLinkReader(replicas, leader, subjects, floors)
  const actors = new ActorReader({ leader, subjects, heads, scan, backLinks, floors })
  const conditional = new ConditionalPublisher(inbox)
  // What may be removed can't be looked up: with retention, every answer has to be certain.
  const numbers = kept ? undefined : new UsedNumbers(inbox)
  const ofCommits = new ConditionalPublisher(inbox, numbers)
  const publisher = new CommitPublisher({ publisher: ofCommits, leader, link, retryForMs })
  const isSyncedAlone = (): boolean => durability.isSyncedAlone
  const behind = { reader: actors, subjects, heads }
  const writer = new CommitWriter({ publisher, isSyncedAlone, ...behind })
  const longRun = (): LongRun =>
    new LongRun({ library, link, manager, replicas, stream, timeoutMs })
  const log = new LogReader({ leader, replicas, longRun, subjects, floors })
  const retention =
    kept && floors && new ActorTrimming({ ...kept, actors, floors, leader, subjects })
  const end = (): Promise<number> => leader.lastSequence(link.closing)
  const growth = new GrowthWatch(library, link, stream, { end })
  const identity = { id: logId, name: nameOf(settings) }
  const { namespace } = settings
  const side = { library, link, manager, namespace, eventStream: stream, retryForMs }
  const shelf = new JetStreamSnapshotShelf({
    ...side,
    subjects: new SnapshotSubjects(namespace),
    inbox,
    conditional,
  })
  const agenda = new JetStreamAgenda({ ...side, conditional, inbox, clock, logger })
  const tables = new JetStreamTableShelf({ ...side, conditional, inbox, requestTimeoutMs })
  return {
    log: new JetStreamCommitLog({
      identity,
      link,
      durability,
      writer,
      actors,
      log,
      growth,
      retention,
    }),
    shelf,
    agenda,
    broadcast: broadcastOn(ground),
    tables,
  }
}

/** For people. */
function nameOf({ addresses, namespace }: NatsSettings): string {
  return `nats://${addresses.hosts.join(',')}/${namespace}`
}

/** No connection counts before the stream behind it is known again. */
function knownBehind(link: NatsLink, context: KnownStreamContext): KnownStream {
  const known = new KnownStream(context)
  link.demand(() => known.check())
  return known
}

function broadcastOn({ library, link, settings }: Ground): NatsBroadcast {
  const subjects = new BusSubjects(settings.namespace)
  return new NatsBroadcast({ library, link, subjects, retryForMs: settings.retryForMs })
}
