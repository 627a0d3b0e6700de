import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import { AetherError, messageOf } from '../../../core/index.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf, jetStreamCodes } from '../connection/failure.ts'
import { differencesBetween, type StreamConfiguration } from './event-stream-configuration.ts'

export interface SideStreamContext {
  readonly library: ClientLibrary
  readonly manager: JetStreamManager
  readonly wanted: StreamConfiguration
  /** What is kept in it, for people: `snapshots`. */
  readonly what: string
  /** A new stream gets as many replicas as this one has. */
  readonly eventStream: string
}

/** A stream beside that of the events: made when it is needed, as many stores never need one. */
export class SideStream {
  readonly #context: SideStreamContext
  #opening: Promise<void> | undefined

  constructor(context: SideStreamContext) {
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

  /**
   * Whether it is there, made by whomever.
   * @throws as {@link open}
   */
  async isThere(): Promise<boolean> {
    if (!this.#opening && !(await this.#find())) return false
    await this.open()
    return true
  }

  /** Somebody deleted it: the next one to need it makes it anew. */
  forget(): void {
    this.#opening = undefined
  }

  async #findOrMake(): Promise<void> {
    const { wanted, what } = this.#context
    const found = (await this.#find()) ?? (await this.#make())
    const differences = differencesBetween(wanted, found)
    if (differences.length === 0) return
    throw new AetherError(
      'incompatible-store',
      `the stream ${wanted.name} can't keep ${what}: ${differences.join('; ')}. Correct or delete it`,
    )
  }

  async #find(): Promise<StreamConfig | undefined> {
    const { library, manager, wanted } = this.#context
    try {
      return (await manager.streams.info(wanted.name)).config
    } catch (error) {
      if (isMissingStream(error, library)) return undefined
      throw error
    }
  }

  async #make(): Promise<StreamConfig> {
    const { manager, eventStream, wanted } = this.#context
    const { num_replicas } = (await manager.streams.info(eventStream)).config
    return (await manager.streams.add({ ...wanted, storage: 'file', num_replicas })).config
  }
}

export function isMissingStream(error: unknown, library: ClientLibrary): boolean {
  const failure = failureOf(error, library)
  return failure.kind === 'refused' && failure.code === jetStreamCodes.streamNotFound
}

/** What trying again can't change, explained; undefined for what passes. */
export function sideStreamRefusal(
  error: unknown,
  { library, wanted, what }: Pick<SideStreamContext, 'library' | 'wanted' | 'what'>,
): AetherError | undefined {
  const failure = failureOf(error, library)
  const refused = (code: 'incompatible-store' | 'too-large'): AetherError =>
    new AetherError(code, `${what} can't be kept in ${wanted.name}: ${messageOf(error)}`, {
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
