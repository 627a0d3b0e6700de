import type { JetStreamManager } from '@nats-io/jetstream'
import { AetherError, messageOf } from '../../core/index.ts'
import { describeRetention } from '../../store/index.ts'
import { EventSubjects } from './commits/event-subjects.ts'
import type { ClientLibrary } from './connection/client-library.ts'
import { failureOf, jetStreamCodes } from './connection/failure.ts'
import type { NatsLink } from './connection/nats-link.ts'
import type { NatsSettings } from './connection/nats-options.ts'
import { logIdOf, retentionOf } from './streams/event-stream-configuration.ts'
import { TableSubjects } from './tables/table-subjects.ts'

/**
 * What the stream of a namespace is and how it is kept. Reads only.
 * @throws AetherError `store-unavailable` where there is none, or it can't be asked
 */
export async function inspectStream(
  library: ClientLibrary,
  { nats }: NatsLink,
  { namespace, requestTimeoutMs }: NatsSettings,
): Promise<Record<string, string | number>> {
  const { stream, guards } = new EventSubjects(namespace)
  const manager = await library.jetstream.jetstreamManager(nats, {
    checkAPI: false,
    timeout: requestTimeoutMs,
  })
  try {
    const info = await manager.streams.info(stream, { subjects_filter: guards })
    const { config, state, cluster, created } = info
    const documents = await countIn(manager, new TableSubjects(namespace).stream)
    return {
      server: `nats-server ${nats.info?.version ?? 'of an unknown version'}`,
      stream,
      log: logIdOf(info),
      created,
      storage: config.storage,
      replicas: config.num_replicas,
      leader: cluster?.leader ?? nats.info?.server_name ?? '',
      retention: describeRetention(retentionOf(config)),
      bytes: state.bytes,
      messages: state.messages,
      actors: (state.num_subjects ?? 0) - Object.keys(state.subjects ?? {}).length,
      ...(documents !== undefined && { documents }),
      lastSequence: state.last_seq,
      ...(state.messages > 0 && { lastTime: state.last_ts }),
    }
  } catch (cause) {
    const failure = failureOf(cause, library)
    const isMissing = failure.kind === 'refused' && failure.code === jetStreamCodes.streamNotFound
    const message = isMissing
      ? `there is no stream ${stream}: see the namespace, or make it with aether store init`
      : `the stream ${stream} can't be asked: ${messageOf(cause)}`
    throw new AetherError('store-unavailable', message, { cause })
  }
}

/** Undefined where there is no such stream yet, or this login may not see it. */
async function countIn(manager: JetStreamManager, stream: string): Promise<number | undefined> {
  try {
    return (await manager.streams.info(stream)).state.messages
  } catch {
    return undefined
  }
}
