import { randomUUID } from 'node:crypto'
import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import { AetherError, messageOf } from '../../../core/index.ts'
import type { Retention } from '../../../store/index.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf, jetStreamCodes } from '../connection/failure.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import type { NatsSettings } from '../connection/nats-options.ts'
import { RetryBudget } from '../connection/retry-budget.ts'
import { howToMakeStreams } from './side-stream.ts'
import {
  creationSettings,
  differencesBetween,
  eventStreamConfiguration,
  logIdOf,
  retentionOf,
  type StreamConfiguration,
} from './event-stream-configuration.ts'

export interface EventStreamContext {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly manager: JetStreamManager
  readonly subjects: EventSubjects
  readonly settings: NatsSettings
}

/** How a stream of events was made. */
export interface MadeStream {
  readonly retention: Retention | undefined
  /** What its log is told from others by. */
  readonly logId: string
}

/**
 * How long the server remembers message ids, at about 190 bytes of its memory each. They only spare
 * a look-up when an unanswered write is repeated: what keeps writes single is their expectation.
 */
const duplicateWindowNs = 10_000_000_000

/**
 * Makes the stream of the namespace, or checks the one that is there: it is never changed. Many may
 * do it at once. Resolves with what it was made with.
 * @throws AetherError `incompatible-store`, `store-unavailable`
 */
export async function openEventStream(context: EventStreamContext): Promise<MadeStream> {
  const { link, settings } = context
  const budget = new RetryBudget(link, settings.retryForMs)
  for (;;) {
    try {
      return await link.attempt(() => findOrMake(context))
    } catch (error) {
      const refusal = error instanceof AetherError ? error : refusalIn(error, context)
      if (refusal) throw refusal
      if (!(await budget.pause())) throw unavailable(error, context)
    }
  }
}

async function findOrMake(context: EventStreamContext): Promise<MadeStream> {
  const { library, link, manager, subjects, settings } = context
  const serverVersion = link.nats.info?.version ?? ''
  const found = (await find(context)) ?? (await make())
  const retention = retentionOf(found.config)
  checkRetained(retention, context)
  const differences = differencesBetween(configuration(retention), found.config)
  if (differences.length === 0) return { retention, logId: logIdOf(found) }
  throw incompatible(
    `the stream ${subjects.stream} can't keep events: ${differences.join('; ')}. Correct it, or use another namespace`,
  )

  function configuration(kept: Retention | undefined): StreamConfiguration {
    return eventStreamConfiguration(subjects, settings.replicas, serverVersion, kept)
  }

  async function make(): Promise<StreamInfo> {
    const creation = {
      ...configuration(settings.retention),
      // Of many who make it at once, one does, and the others find it.
      ...creationSettings(settings.retention, randomUUID()),
      num_replicas: settings.replicas ?? 1,
      duplicate_window: duplicateWindowNs,
    }
    try {
      return await manager.streams.add(creation)
    } catch (error) {
      throw failureOf(error, library).kind === 'forbidden' ? mayNotMake(error, context) : error
    }
  }
}

/** What a stream may forget was promised when it was made, and the server doesn't allow it later. */
function checkRetained(
  found: Retention | undefined,
  { subjects, settings: { retention } }: EventStreamContext,
): void {
  if (!retention || retention.keepForMs === found?.keepForMs) return
  throw incompatible(
    `the stream ${subjects.stream} was made ${found ? `with keepForMs ${found.keepForMs}, not ${retention.keepForMs}` : 'without retention'}, which never changes: export its events, and import them into another namespace`,
  )
}

function mayNotMake(cause: unknown, { subjects, settings }: EventStreamContext): AetherError {
  const where = settings.addresses.hosts.join(', ')
  return incompatible(
    `there is no stream ${subjects.stream} yet, and the login at ${where} may not make it: ${howToMakeStreams(settings.namespace)}`,
    cause,
  )
}

function mayNotUse(cause: unknown, { addresses, namespace }: NatsSettings): string {
  const where = addresses.hosts.join(', ')
  const advice = `is it one for another namespace? It needs natsPermissions('${namespace}')`
  return `the login at ${where} may not use the namespace ${namespace}: ${advice} (${messageOf(cause)})`
}

async function find(context: EventStreamContext): Promise<StreamInfo | undefined> {
  try {
    return await context.manager.streams.info(context.subjects.stream)
  } catch (error) {
    const failure = failureOf(error, context.library)
    const isMissing = failure.kind === 'refused' && failure.code === jetStreamCodes.streamNotFound
    if (isMissing) return undefined
    throw error
  }
}

/** What trying again can't change, explained; undefined for what passes. */
function refusalIn(error: unknown, context: EventStreamContext): AetherError | undefined {
  const { subjects, settings, library } = context
  const failure = failureOf(error, library)
  const where = settings.addresses.hosts.join(', ')
  if (failure.kind === 'forbidden') return incompatible(mayNotUse(error, settings), error)
  if (failure.kind === 'no-responders') return jetStreamOff(where, error)
  if (failure.kind !== 'refused') return undefined
  switch (failure.code) {
    case jetStreamCodes.temporarilyUnavailable:
    case jetStreamCodes.noPeersForPlacement:
    case jetStreamCodes.streamNameInUse: // somebody made it just now: it's checked like any other
      return undefined
    case jetStreamCodes.notEnabled:
    case jetStreamCodes.notEnabledForAccount:
      return jetStreamOff(where, error)
    case jetStreamCodes.notClustered:
    case jetStreamCodes.replicasNotSupported:
      return incompatible(
        `replicas: ${settings.replicas} needs a cluster, and nats-server at ${where} stands alone`,
        error,
      )
    case jetStreamCodes.subjectsOverlap:
      return incompatible(`another stream already stores subjects of ${subjects.all}`, error)
    default:
      return incompatible(`JetStream refuses ${subjects.stream}: ${messageOf(error)}`, error)
  }
}

function jetStreamOff(where: string, cause: unknown): AetherError {
  return incompatible(
    `JetStream is not enabled at ${where}: start nats-server with -js, or set jetstream {} in its configuration, and for the account`,
    cause,
  )
}

function incompatible(message: string, cause?: unknown): AetherError {
  return new AetherError('incompatible-store', message, { cause })
}

function unavailable(cause: unknown, { subjects, settings }: EventStreamContext): AetherError {
  return new AetherError(
    'store-unavailable',
    `the stream ${subjects.stream} could not be opened within ${settings.retryForMs} ms: ${messageOf(cause)}`,
    { cause },
  )
}
