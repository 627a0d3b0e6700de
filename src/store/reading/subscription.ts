import {
  AetherError,
  type Clock,
  isAetherError,
  type Logger,
  MalformedEventError,
  type StoredEvent,
} from '../../core/index.ts'
import type { CommitLog, LogEntry } from '../commit-log.ts'
import type { StoreObserver } from '../store-observer.ts'
import { eventFilter, isOpenFilter, type LogFilter } from './log-filter.ts'
import { checkReached } from './reached.ts'
import type { OnMalformed } from './reading.ts'

/** The events of the log as they come: first those that are there, then each new one. */
export interface Subscription extends AsyncIterable<StoredEvent> {
  /**
   * Stands behind the last event given, and behind those that didn't pass. A subscription that begins there
   * goes on without gap or repetition.
   */
  readonly checkpoint: string
}

/** A position, or behind what is stored when it is first read. */
type Start = number | 'now'

export interface SubscriptionSettings {
  readonly after: Start
  readonly filter: LogFilter
  readonly onMalformed: OnMalformed
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly logger: Logger
  readonly observer?: StoreObserver | undefined
}

/** How long it waits until it looks whether an outage is over. */
const outagePauseMs = 1_000

/**
 * Reads the log behind what was given so far, whenever it has grown. So the reader sets the pace:
 * nothing is buffered but one batch, and one that is slow reads later.
 */
export class LogSubscription implements Subscription {
  readonly #log: CommitLog
  readonly #settings: SubscriptionSettings
  readonly #passes: (event: StoredEvent) => boolean
  #position: Start
  /** It is known that the log goes as far as where this began. */
  #isPlaced: boolean
  /** The store can't be reached, which was told. */
  #isOut = false

  constructor(log: CommitLog, settings: SubscriptionSettings) {
    this.#log = log
    this.#settings = settings
    this.#passes = eventFilter(settings.filter)
    this.#position = settings.after
    this.#isPlaced = settings.after === 'now'
  }

  get checkpoint(): string {
    return String(this.#position)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StoredEvent, void, undefined> {
    const { filter, signal, observer } = this.#settings
    using _following = observer?.following()
    using growth = new Growth(signal)
    await using _watch = await this.#log.watch(() => growth.tell())
    for (;;) {
      // What it is told from here on is read in this round or in the next.
      growth.expect()
      try {
        signal.throwIfAborted()
        if (this.#position === 'now') this.#position = await this.#log.lastPosition(signal)
        if (!this.#isPlaced) await checkReached(this.#log, this.#position, signal)
        this.#isPlaced = true
        // Asked for before the read, which reaches that far: what doesn't pass is read over once.
        const end: number = isOpenFilter(filter) ? 0 : await this.#log.lastPosition(signal)
        const range = { after: this.#position, reach: end, limit: Infinity, filter }
        for await (const batch of this.#log.readAll(range, signal)) yield* this.#given(batch)
        this.#position = Math.max(this.#position, end)
        this.#isOut = false
        await growth.told
      } catch (thrown) {
        await this.#outlast(thrown)
      }
    }
  }

  /**
   * Waits where the store can't be reached for longer than a read tries: it goes on where it is.
   * @throws what was thrown, where it is something else; the signal's reason.
   */
  async #outlast(thrown: unknown): Promise<void> {
    const { signal, clock, logger } = this.#settings
    signal.throwIfAborted()
    if (!isAetherError(thrown) || thrown.code !== 'store-unavailable') throw thrown
    if (!this.#isOut) {
      const message = `a subscription waits at ${this.checkpoint} until the store can be reached: ${thrown.message}`
      logger.warn({ checkpoint: this.checkpoint }, message)
    }
    this.#isOut = true
    await clock.sleep(outagePauseMs, signal)
  }

  *#given(batch: readonly LogEntry[]): Generator<StoredEvent, void, undefined> {
    for (const entry of batch) {
      this.#settings.signal.throwIfAborted()
      if (entry instanceof MalformedEventError) {
        if (this.#settings.onMalformed === 'stop') throw entry
        this.#position = entry.lastPosition
        continue
      }
      this.#position = entry.position
      if (this.#passes(entry)) yield entry
    }
  }
}

/**
 * Where a checkpoint stands.
 * @throws AetherError `invalid-argument`
 */
export function startOf(checkpoint: string): Start {
  if (checkpoint === 'now') return checkpoint
  const position = /^\d{1,16}$/.test(checkpoint) ? Number(checkpoint) : Number.NaN
  if (Number.isSafeInteger(position)) return position
  throw new AetherError('invalid-argument', `${JSON.stringify(checkpoint)} is not a checkpoint`)
}

/** Whether the log has grown since somebody began to look. */
class Growth implements Disposable {
  readonly #signal: AbortSignal
  readonly tell = (): void => this.#growth.resolve()
  #growth = Promise.withResolvers<void>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', this.tell)
  }

  /** Resolves when it has grown, or when nobody wants to know any more. */
  get told(): Promise<void> {
    return this.#growth.promise
  }

  expect(): void {
    this.#growth = Promise.withResolvers()
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.tell)
  }
}
