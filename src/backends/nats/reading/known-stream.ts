import type { JetStreamManager } from '@nats-io/jetstream'
import { AetherError, type Logger } from '../../../core/index.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf, jetStreamCodes } from '../connection/failure.ts'
import { isInTouch } from './in-touch.ts'

export interface KnownStreamContext {
  readonly library: ClientLibrary
  readonly manager: JetStreamManager
  readonly stream: string
  readonly logger: Logger
}

/** A message that was seen in the stream. */
interface Seen {
  readonly sequence: number
  /** A text where this process wrote it. */
  readonly data: Uint8Array | string
}

/**
 * Knows the stream again by the newest message that was seen of it. Behind a lost connection may be one that
 * was set back: taken from a backup, made anew, or cut short by a power cut of servers that don't sync. All
 * that is remembered of it would be wrong then, and nobody would notice once it has grown over that place:
 * docs/decisions/0058-a-stream-that-was-set-back.md.
 */
export class KnownStream {
  readonly #context: KnownStreamContext
  #newest: Seen | undefined
  /** It is asked again and again. */
  #isTold = false

  constructor(context: KnownStreamContext) {
    this.#context = context
  }

  /** This message has this sequence. */
  learn(sequence: number, data: Uint8Array | string): void {
    if (sequence > (this.#newest?.sequence ?? 0)) this.#newest = { sequence, data }
  }

  /**
   * Resolves where the stream is the one that is known, as far as that can be told.
   * @throws AetherError `incompatible-store` where it isn't; what the client throws, and Error, where that
   * is still to be found out
   */
  async check(): Promise<void> {
    const newest = this.#newest
    if (!newest) return
    try {
      await this.#compare(newest)
      this.#isTold = false
    } catch (error) {
      const failure = failureOf(error, this.#context.library)
      const isGone = failure.kind === 'refused' && failure.code === jetStreamCodes.streamNotFound
      if (isGone) throw this.#another('is gone: somebody deleted it', error)
      // Whoever may not look can't tell.
      if (failure.kind !== 'forbidden') throw error
    }
  }

  async #compare({ sequence, data }: Seen): Promise<void> {
    const { manager, stream } = this.#context
    const { state, cluster } = await manager.streams.info(stream)
    if (state.last_seq < sequence) {
      if (!isInTouch(cluster?.replicas))
        throw new Error(`the leader of the stream ${stream} is cut off from the others`)
      throw this.#another(`was set back: it went up to ${sequence}`)
    }
    const found = await manager.streams.getMessage(stream, { seq: sequence })
    // One that isn't there may have been removed by right.
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    if (found && Buffer.compare(found.data, bytes) !== 0)
      throw this.#another(`was set back: it went up to ${sequence}, where another message is now`)
  }

  #another(what: string, cause?: unknown): AetherError {
    const { stream, logger } = this.#context
    const message = `the stream ${stream} ${what}. What this process knows of it doesn't hold any more: restart it`
    if (!this.#isTold) logger.error({ stream }, message)
    this.#isTold = true
    return new AetherError('incompatible-store', message, { cause })
  }
}
