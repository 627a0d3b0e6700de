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
import type { LogTail } from './log-tail.ts'
import type { Holder, ReadAhead } from './read-ahead.ts'
import { checkReached } from './reached.ts'
import type { OnMalformed } from './reading.ts'

/** The events of the log as they come: first those that are there, then each new one. */
export interface Subscription extends AsyncIterable<StoredEvent> {
  /**
   * Stands behind the last event given, and behind those that didn't pass. A subscription that begins there
   * goes on without gap or repetition.
   */
  readonly checkpoint: string
  /**
   * How much of the log is behind its checkpoint, as `EventStore.remaining` counts: whether its reader keeps up. Asks
   * the store. What doesn't pass the filter counts until it is read over; 0 before one that begins at `'now'` is read.
   * @throws AetherError `store-unavailable`, `closed`; the signal's reason
   */
  remaining(options?: { readonly signal?: AbortSignal }): Promise<number>
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
 * Fewer followers with a filter read for themselves, and spare what doesn't pass; from so many on, one read of
 * everything is less.
 */
const leastSharing = 4
/** From this size on, batches are as large as the log makes them. */
const largeBatch = 512

/** What it shares with all others of a store. */
export interface SubscriptionSurroundings {
  readonly log: CommitLog
  readonly tail: LogTail
  readonly readAhead: ReadAhead
}

/** A read of its own, and up to where nothing is left over behind it. */
interface OwnRead {
  readonly batches: AsyncIterator<readonly LogEntry[]>
  readonly end: number
}

/**
 * Reads the log behind what was given so far, whenever it has grown. So the reader sets the pace: nothing is
 * buffered but one batch, and one that is slow reads later. At the end of the log all read together.
 */
export class LogSubscription implements Subscription, Holder {
  readonly #around: SubscriptionSurroundings
  readonly #settings: SubscriptionSettings
  readonly #passes: (event: StoredEvent) => boolean
  #position: Start
  /** It is known where it begins, and that the log goes as far. */
  #isPlaced = false
  /** It has read to the end of the log. */
  #isLive = false
  /** The store can't be reached, which was told. */
  #isOut = false
  /** What was read, and which of it is to be given next. Nobody but this knows it: it may have to let go. */
  #held: readonly LogEntry[] = []
  #index = 0
  #read: OwnRead | undefined
  #batchSize = Infinity

  constructor(around: SubscriptionSurroundings, settings: SubscriptionSettings) {
    this.#around = around
    this.#settings = settings
    this.#passes = eventFilter(settings.filter)
    this.#position = settings.after
  }

  get checkpoint(): string {
    return String(this.#position)
  }

  async remaining({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    signal?.throwIfAborted()
    if (this.#position === 'now') return 0
    return this.#around.log.remaining(this.#position, signal)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StoredEvent, void, undefined> {
    const { signal, observer } = this.#settings
    using _following = observer?.following()
    using growth = new Growth(signal)
    await using _watch = await this.#around.tail.follow(growth.tell)
    try {
      for (;;) {
        // What it is told from here on is read in this round or in the next.
        growth.expect()
        try {
          if (!this.#isPlaced) await this.#place(signal)
          while (await this.#fetch(growth))
            for (let event = this.#take(growth); event; event = this.#take(growth)) yield event
          this.#isOut = false
          await growth.told
        } catch (thrown) {
          await this.#outlast(thrown)
        }
      }
    } finally {
      await this.#endRead()
    }
  }

  letGo(): void {
    this.#batchSize = Math.max(1, Math.floor(this.#held.length / 2))
    void this.#endRead().catch(() => undefined)
  }

  async #place(signal: AbortSignal): Promise<void> {
    const { log } = this.#around
    signal.throwIfAborted()
    if (this.#position === 'now') this.#position = await log.lastPosition(signal)
    else await checkReached(log, this.#position, signal)
    this.#isPlaced = true
  }

  /** Gets what comes next, to be taken; false where there is no more. */
  async #fetch(growth: Growth): Promise<boolean> {
    if (this.#batchSize < Infinity && this.#held.length > 0) await this.#endSmallBatch()
    this.#drop()
    if (!this.#read && this.#isShared) {
      const { tail } = this.#around
      const position = Number(this.#position)
      let found = tail.after(position)
      for (; found === 'unread'; found = tail.after(position))
        await growth.orEnd(tail.read(position))
      if (found !== 'behind') return this.#hold(found.entries, found.first)
    }
    return this.#fetchOwn()
  }

  async #fetchOwn(): Promise<boolean> {
    const read = (this.#read ??= await this.#begin(Number(this.#position)))
    for (;;) {
      const result = await read.batches.next()
      if (result.done) break
      if (this.#hold(result.value)) return true
    }
    this.#read = undefined
    this.#position = Math.max(Number(this.#position), read.end)
    this.#isLive = true
    return false
  }

  get #isShared(): boolean {
    if (!this.#isLive) return false
    return isOpenFilter(this.#settings.filter) || this.#around.tail.followers >= leastSharing
  }

  async #begin(after: number): Promise<OwnRead> {
    const { log } = this.#around
    const { filter, signal } = this.#settings
    // Asked for before the read, which reaches that far: what doesn't pass is read over once.
    const end = isOpenFilter(filter) ? 0 : await log.lastPosition(signal)
    const range = { after, reach: end, limit: this.#batchSize, filter }
    return { batches: log.readAll(range, signal)[Symbol.asyncIterator](), end }
  }

  #hold(entries: readonly LogEntry[], first = 0): boolean {
    if (entries.length === 0) return false
    this.#held = entries
    this.#index = first
    this.#around.readAhead.hold(this, entries.length)
    return true
  }

  /** The next of those that are held. */
  #take(growth: Growth): StoredEvent | undefined {
    for (;;) {
      const entry = this.#held[this.#index++]
      if (!entry) return undefined
      growth.throwIfEnded()
      if (entry instanceof MalformedEventError) {
        if (this.#settings.onMalformed === 'stop') throw entry
        this.#position = entry.lastPosition
        continue
      }
      this.#position = entry.position
      if (this.#passes(entry)) return entry
    }
  }

  /** They grow again: what is read is taken on after all. */
  async #endSmallBatch(): Promise<void> {
    await this.#endRead()
    this.#batchSize = this.#batchSize < largeBatch ? this.#batchSize * 2 : Infinity
  }

  #drop(): void {
    this.#held = []
    this.#around.readAhead.release(this)
  }

  async #endRead(): Promise<void> {
    const read = this.#read
    this.#read = undefined
    this.#drop()
    await read?.batches.return?.()
  }

  /**
   * Waits where the store can't be reached for longer than a read tries: it goes on where it is.
   * @throws what was thrown, where it is something else; the signal's reason.
   */
  async #outlast(thrown: unknown): Promise<void> {
    const { signal, clock, logger } = this.#settings
    await this.#endRead()
    signal.throwIfAborted()
    if (!isAetherError(thrown) || thrown.code !== 'store-unavailable') throw thrown
    if (!this.#isOut) {
      const message = `a subscription waits at ${this.checkpoint} until the store can be reached: ${thrown.message}`
      logger.warn({ checkpoint: this.checkpoint }, message)
    }
    this.#isOut = true
    await clock.sleep(outagePauseMs, signal)
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
  readonly #end = (): void => {
    this.#isEnded = true
    this.tell()
    this.#waiting?.resolve()
  }
  #growth = Promise.withResolvers<void>()
  #waiting: PromiseWithResolvers<void> | undefined
  /** What the signal says, which takes much longer to ask. */
  #isEnded: boolean

  constructor(signal: AbortSignal) {
    this.#signal = signal
    this.#isEnded = signal.aborted
    signal.addEventListener('abort', this.#end)
  }

  /** Resolves when it has grown, or when nobody wants to know any more. */
  get told(): Promise<void> {
    return this.#growth.promise
  }

  expect(): void {
    this.throwIfEnded()
    this.#growth = Promise.withResolvers()
  }

  throwIfEnded(): void {
    if (this.#isEnded) this.#signal.throwIfAborted()
  }

  /**
   * Waits for what others wait for as well, and that goes on for them.
   * @throws what that throws; the signal's reason, at once
   */
  async orEnd(work: Promise<void>): Promise<void> {
    this.#waiting = Promise.withResolvers()
    work.then(this.#waiting.resolve, this.#waiting.reject)
    await this.#waiting.promise
    this.throwIfEnded()
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#end)
  }
}
