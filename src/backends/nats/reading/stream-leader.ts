import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import { AetherError, isAetherError, messageOf, systemClock } from '../../../core/index.ts'
import type { StoredMessage } from '../commits/commit-message.ts'
import type { ClientLibrary } from '../connection/client-library.ts'
import { failureOf, jetStreamCodes } from '../connection/failure.ts'
import type { NatsLink } from '../connection/nats-link.ts'
import { RetryBudget } from '../connection/retry-budget.ts'
import { settleMs } from '../connection/server-pulse.ts'
import type { SharedInbox } from '../connection/shared-inbox.ts'
import { askLeader, type MessageQuery } from './ask-leader.ts'
import { isInTouch } from './in-touch.ts'
import type { KnownStream } from './known-stream.ts'

export interface StreamLeaderContext {
  readonly library: ClientLibrary
  readonly link: NatsLink
  readonly manager: JetStreamManager
  readonly inbox: SharedInbox
  readonly stream: string
  readonly retryForMs: number
  /** Is told of what was seen. @default nobody */
  readonly known?: KnownStream
}

/**
 * Asks the leader of the stream, who knows all that was acknowledged; a direct get is answered by any
 * replica, on three of them 6 % of the time without the write just acknowledged. A new leader answers
 * only once it has caught up (`leaderState` in nats-server's raft.go).
 *
 * One that was replaced while it was frozen or cut off may answer with less until it notices. An answer
 * that shows less than is known here, or that comes after a silence of our server, is doubted: it is
 * asked for once more when a server that goes on has noticed. Certain is only a conditional write.
 *
 * Every question is repeated while there is no connection or leader; not beyond the deadline that is given with
 * it, of `performance.now()`.
 * @throws AetherError `store-unavailable` when that took too long; `incompatible-store` where the
 * stream is gone or forbidden; `closed`; and the signal's reason.
 */
export class StreamLeader {
  readonly #context: StreamLeaderContext
  /** The greatest sequence that was ever heard of. */
  #newest = 0
  #connection = 0

  constructor(context: StreamLeaderContext) {
    this.#context = context
    context.link.observe({ lost: () => void this.#connection++, failed: () => undefined })
  }

  /** Changes with each connection: behind another one, another server may be taken for the leader. */
  get connection(): number {
    return this.#connection
  }

  /** The newest message of the subject, of which one with a sequence is known. */
  last(
    subject: string,
    signal?: AbortSignal,
    known = 0,
    deadline?: number,
  ): Promise<StoredMessage | null> {
    return this.#message({ last_by_subj: subject }, signal, deadline, known)
  }

  /** The first message of the subject, which may have wildcards, from this sequence on. */
  next(
    subject: string,
    fromSequence: number,
    signal?: AbortSignal,
    deadline?: number,
  ): Promise<StoredMessage | null> {
    return this.#message({ seq: fromSequence, next_by_subj: subject }, signal, deadline)
  }

  /** The message with this sequence. */
  at(sequence: number, signal?: AbortSignal, deadline?: number): Promise<StoredMessage | null> {
    return this.#message({ seq: sequence }, signal, deadline)
  }

  /** The sequence of the newest message of all. */
  async lastSequence(signal?: AbortSignal, deadline?: number): Promise<number> {
    return (await this.info(signal, deadline)).state.last_seq
  }

  /**
   * As {@link lastSequence}, from a leader that has heard of most replicas a moment ago. No other can have
   * taken its place by then: they wait for it for 4 s at least, twice as long as that moment.
   */
  async certainLastSequence(signal?: AbortSignal): Promise<number> {
    const { manager, stream } = this.#context
    const question = async (): Promise<StreamInfo> => {
      const info = await manager.streams.info(stream)
      if (isInTouch(info.cluster?.replicas)) return info
      throw new Error('its leader has not heard of most other replicas for a while')
    }
    const info = await this.#read(question, ({ state }) => state.last_seq < this.#newest, signal)
    this.learn(info.state.last_seq)
    return info.state.last_seq
  }

  /** Something was stored there: this, where it is known. */
  learn(sequence: number, data?: Uint8Array | string): void {
    if (sequence > this.#newest) this.#newest = sequence
    if (data) this.#context.known?.learn(sequence, data)
  }

  /** How the stream is and by whom it's kept. */
  async info(signal?: AbortSignal, deadline?: number): Promise<StreamInfo> {
    const { manager, stream } = this.#context
    const info = await this.#read(
      () => manager.streams.info(stream),
      ({ state }) => state.last_seq < this.#newest,
      signal,
      deadline,
    )
    this.learn(info.state.last_seq)
    return info
  }

  /** The subjects that match, and have messages. */
  async subjects(filter: string): Promise<readonly string[]> {
    const { manager, stream } = this.#context
    const query = { subjects_filter: filter }
    const { state } = await this.#ask(() => manager.streams.info(stream, query), undefined)
    return Object.keys(state.subjects ?? {})
  }

  /** Removes all messages of the subject, which may have wildcards; may be repeated. */
  async removeAll(subject: string): Promise<void> {
    const { manager, stream } = this.#context
    const purge = { filter: subject }
    await this.#ask(() => manager.streams.purge(stream, purge), undefined, 'cleared')
  }

  /** Removes the messages of the subject before this sequence, all or none; may be repeated. */
  async removeBefore(subject: string, sequence: number, signal?: AbortSignal): Promise<void> {
    const { manager, stream } = this.#context
    const purge = { filter: subject, seq: sequence }
    await this.#ask(() => manager.streams.purge(stream, purge), signal, 'trimmed')
  }

  async #message(
    query: MessageQuery,
    signal: AbortSignal | undefined,
    deadline: number | undefined,
    known = 0,
  ): Promise<StoredMessage | null> {
    const isOld = (answer: StoredMessage | null): boolean => (answer?.seq ?? 0) < known
    const { stream } = this.#context
    const question = (): Promise<StoredMessage | null> => askLeader(this.#context, stream, query)
    const message = await this.#read(question, isOld, signal, deadline)
    if (message) this.learn(message.seq, message.data)
    return message
  }

  /** Asks, and once more where the answer is doubtful: the second one rests on what holds by then. */
  async #read<T>(
    question: () => Promise<T>,
    isOld: (answer: T) => boolean,
    signal: AbortSignal | undefined,
    deadline?: number,
  ): Promise<T> {
    let askedAt = 0
    const timed = (): Promise<T> => {
      askedAt = performance.now()
      return question()
    }
    const answer = await this.#ask(timed, signal, 'read', deadline)
    if (!isOld(answer) && !this.#context.link.pulse.isDoubtful(askedAt)) return answer
    await systemClock.sleep(settleMs, signal)
    return this.#ask(question, signal, 'read', deadline)
  }

  async #ask<T>(
    question: () => Promise<T>,
    signal: AbortSignal | undefined,
    done: 'read' | 'trimmed' | 'cleared' = 'read',
    deadline?: number,
  ): Promise<T> {
    const { link, retryForMs } = this.#context
    const budget = new RetryBudget(link, retryForMs, signal, deadline)
    for (;;) {
      try {
        return await link.attempt(question, signal)
      } catch (error) {
        signal?.throwIfAborted()
        this.#refuseFinal(error, done)
        if (!(await budget.pause())) throw link.distrust ?? this.#unavailable(error)
      }
    }
  }

  /** Throws what trying again can't change. */
  #refuseFinal(cause: unknown, done: string): void {
    if (isAetherError(cause)) throw cause
    const { library, stream } = this.#context
    const failure = failureOf(cause, library)
    const isForbidden = failure.kind === 'forbidden'
    const isGone = failure.kind === 'refused' && failure.code === jetStreamCodes.streamNotFound
    if (!isForbidden && !isGone) return
    const what = isGone ? 'is gone: somebody deleted it' : `may not be ${done} with this login`
    const code = isGone ? 'incompatible-store' : 'not-permitted'
    throw new AetherError(code, `the stream ${stream} ${what}`, { cause })
  }

  #unavailable(cause: unknown): AetherError {
    const { link, stream, retryForMs } = this.#context
    if (link.isClosing) return new AetherError('closed', 'the event store was closed', { cause })
    return new AetherError(
      'store-unavailable',
      `the leader of the stream ${stream} did not answer in the ${retryForMs} ms that an operation may take: ${messageOf(cause)}`,
      { cause },
    )
  }
}
