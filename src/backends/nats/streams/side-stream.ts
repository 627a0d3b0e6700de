import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import { AetherError, isAetherError, messageOf } from '../../../core/index.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf, jetStreamCodes } from '../connection/failure.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { RetryBudget } from '../connection/retry-budget.ts'
import { differencesBetween, type StreamConfiguration } from './event-stream-configuration.ts'

/** What the streams beside that of the events have in common. */
export interface SideStreamPlace {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly manager: JetStreamManager
  readonly namespace: string
  /** A new stream gets as many replicas as this one has. */
  readonly eventStream: string
  readonly retryForMs: number
}

export interface SideStreamContext extends SideStreamPlace {
  readonly wanted: StreamConfiguration
  /** What a new one has besides; one that is there may go without. */
  readonly niceToHave?: Partial<StreamConfig>
  /** What is kept in it, for people: `snapshots`. */
  readonly what: string
  /** Is told when the one that was known may be gone. @default nobody */
  readonly onForget?: () => void
}

/** A stream beside that of the events: made when it is needed, as many stores never need one. */
export class SideStream {
  readonly #context: SideStreamContext
  #opening: Promise<StreamConfig> | undefined
  #found: StreamConfig | undefined

  constructor(context: SideStreamContext) {
    this.#context = context
  }

  /**
   * Makes the stream, or checks the one that is there: it is never changed. Many may do it at once.
   * @throws AetherError `incompatible-store`, `not-permitted`; and whatever the client throws.
   */
  async open(): Promise<void> {
    this.#opening ??= this.#findOrMake()
    try {
      this.#found = await this.#opening
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

  /**
   * Asks the server until it answers; a stream that is gone meanwhile is opened anew by who opens it.
   * @throws AetherError `incompatible-store`, `not-permitted` or `too-large` for what trying again can't change,
   * `store-unavailable` when it took too long, `closed`; and those of the request.
   */
  async insist<T>(request: () => Promise<T>): Promise<T> {
    const { library, link, retryForMs } = this.#context
    const budget = new RetryBudget(link, retryForMs)
    for (;;) {
      try {
        return await link.attempt(request)
      } catch (error) {
        if (isAetherError(error)) throw error
        if (isMissingStream(error, library) || failureOf(error, library).kind === 'no-responders')
          this.forget()
        const refusal = refusalOf(error, this.#context)
        if (refusal) throw refusal
        if (!(await budget.pause())) throw link.distrust ?? this.#outOfTime(error)
      }
    }
  }

  /** How it was when it was opened. */
  get configuration(): StreamConfig | undefined {
    return this.#found
  }

  /** Somebody deleted it: the next one to need it makes it anew. */
  forget(): void {
    this.#opening = undefined
    this.#context.onForget?.()
  }

  #outOfTime(cause: unknown): AetherError {
    const { link, wanted, retryForMs } = this.#context
    if (link.isClosing) return new AetherError('closed', 'the event store was closed', { cause })
    const message = `the stream ${wanted.name} did not answer within ${retryForMs} ms: ${messageOf(cause)}`
    return new AetherError('store-unavailable', message, { cause })
  }

  async #findOrMake(): Promise<StreamConfig> {
    const { wanted, what } = this.#context
    const found = (await this.#find()) ?? (await this.#make())
    const differences = differencesBetween(wanted, found)
    if (differences.length === 0) return found
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
    const { library, manager, eventStream, wanted, niceToHave } = this.#context
    const { num_replicas } = (await manager.streams.info(eventStream)).config
    const made = { ...wanted, ...niceToHave, storage: 'file', num_replicas } as const
    try {
      return (await manager.streams.add(made)).config
    } catch (error) {
      throw failureOf(error, library).kind === 'forbidden' ? this.#mayNotMake(error) : error
    }
  }

  #mayNotMake(cause: unknown): AetherError {
    const { namespace, wanted, what } = this.#context
    return new AetherError(
      'not-permitted',
      `there is no stream ${wanted.name} for ${what} yet, and the login may not make it: ${howToMakeStreams(namespace)}`,
      { cause },
    )
  }
}

/** What to do where a login may not. */
export function howToMakeStreams(namespace: string): string {
  return `make the streams of the namespace with aether store init, and a login that may (natsPermissions('${namespace}', 'creator'))`
}

/** Whether it was refused as there is no such stream. */
export function isMissingStream(error: unknown, library: ClientLibrary): boolean {
  const failure = failureOf(error, library)
  return failure.kind === 'refused' && failure.code === jetStreamCodes.streamNotFound
}

/** What trying again can't change, explained; undefined for what passes. */
function refusalOf(
  error: unknown,
  { library, wanted, what }: Pick<SideStreamContext, 'library' | 'wanted' | 'what'>,
): AetherError | undefined {
  const failure = failureOf(error, library)
  const refused = (code: 'incompatible-store' | 'not-permitted' | 'too-large'): AetherError =>
    new AetherError(code, `${what} can't be kept in ${wanted.name}: ${messageOf(error)}`, {
      cause: error,
    })
  if (failure.kind === 'forbidden') return refused('not-permitted')
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
