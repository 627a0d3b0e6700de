import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import { AetherError, messageOf } from '../../core/index.ts'
import type { ClientLibrary } from './client-library.ts'
import { differencesBetween, type StreamConfiguration } from './event-stream-configuration.ts'
import { failureOf, jetStreamCodes } from './failure.ts'
import type { SnapshotSubjects } from './snapshot-subjects.ts'

export interface SnapshotStreamContext {
  readonly library: ClientLibrary
  readonly manager: JetStreamManager
  readonly subjects: SnapshotSubjects
  /** A new stream gets as many replicas as this one has. */
  readonly eventStream: string
}

/** The stream of the snapshots: made when it is needed, as many stores never need one. */
export class SnapshotStream {
  readonly #context: SnapshotStreamContext
  #opening: Promise<void> | undefined

  constructor(context: SnapshotStreamContext) {
    this.#context = context
  }

  /**
   * Makes the stream, or checks the one that is there: it is never changed. Many may do it at once.
   * @throws AetherError `incompatible-store`; and whatever the client throws.
   */
  async open(): Promise<void> {
    this.#opening ??= this.#findOrMake()
    try {
      await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  /** Somebody deleted it, as may be done: nothing is lost but time. */
  forget(): void {
    this.#opening = undefined
  }

  async #findOrMake(): Promise<void> {
    const { subjects } = this.#context
    const wanted: StreamConfiguration = {
      name: subjects.stream,
      subjects: [subjects.all],
      retention: 'limits',
      discard: 'old',
      max_msgs_per_subject: 1,
      allow_direct: true,
    }
    const found = (await this.#find()) ?? (await this.#make(wanted))
    const differences = differencesBetween(wanted, found)
    if (differences.length === 0) return
    throw new AetherError(
      'incompatible-store',
      `the stream ${subjects.stream} can't keep snapshots: ${differences.join('; ')}. Correct or delete it`,
    )
  }

  async #find(): Promise<StreamConfig | undefined> {
    const { library, manager, subjects } = this.#context
    try {
      return (await manager.streams.info(subjects.stream)).config
    } catch (error) {
      if (isMissingStream(error, library)) return undefined
      throw error
    }
  }

  async #make(wanted: StreamConfiguration): Promise<StreamConfig> {
    const { manager, eventStream } = this.#context
    const { num_replicas } = (await manager.streams.info(eventStream)).config
    return (await manager.streams.add({ ...wanted, storage: 'file', num_replicas })).config
  }
}

export function isMissingStream(error: unknown, library: ClientLibrary): boolean {
  const failure = failureOf(error, library)
  return failure.kind === 'refused' && failure.code === jetStreamCodes.streamNotFound
}

/** What trying again can't change, explained; undefined for what passes. */
export function snapshotRefusal(
  error: unknown,
  { library, subjects }: SnapshotStreamContext,
): AetherError | undefined {
  const failure = failureOf(error, library)
  const refused = (code: 'incompatible-store' | 'too-large'): AetherError =>
    new AetherError(code, `snapshots can't be kept in ${subjects.stream}: ${messageOf(error)}`, {
      cause: error,
    })
  if (failure.kind === 'forbidden') return refused('incompatible-store')
  if (failure.kind !== 'refused') return undefined
  switch (failure.code) {
    case jetStreamCodes.wrongLastSequence:
    case jetStreamCodes.wrongLastSequenceInProcess:
    case jetStreamCodes.temporarilyUnavailable:
    case jetStreamCodes.noPeersForPlacement:
    case jetStreamCodes.storeFailed:
    case jetStreamCodes.streamNameInUse: // somebody made it just now: it's checked like any other
    case jetStreamCodes.streamNotFound:
      return undefined
    case jetStreamCodes.messageTooLarge:
      return refused('too-large')
    default:
      return refused('incompatible-store')
  }
}
