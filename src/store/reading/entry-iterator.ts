import { keepSpecimen, MalformedEventError } from '../../core/index.ts'
import type { LogEntry } from '../commit-log.ts'
import type { EventRead } from './event-read.ts'
import type { Reading } from './reading.ts'

/** What is read, and how. */
export interface Source {
  readonly reading: Reading
  readonly batches: () => AsyncIterable<readonly LogEntry[]>
}

type Result = IteratorResult<LogEntry, void>

const end: Result = { value: undefined, done: true }

/** Nobody waits. */
const noTurn = Promise.resolve()

/**
 * Gives entries one by one, as the reader wants them: what an async generator over the batches would
 * do, and nothing else can be seen of it. But that takes three promises for each entry, and as many
 * again for each generator around it; here an entry that is there already takes one.
 */
export class EntryIterator implements AsyncGenerator<LogEntry, void>, EventRead<LogEntry> {
  static {
    keepSpecimen(new EntryIterator(() => undefined))
  }

  /** Makes the source at the first call of `next`; undefined where nothing is to be read. */
  readonly #open: () => Source | undefined
  #reading: Reading | undefined
  #batches: AsyncIterator<readonly LogEntry[]> | undefined
  #batch: readonly LogEntry[] = []
  #index = 0
  #left = 0
  #state: 'new' | 'open' | 'ended' = 'new'
  /** Calls under way, which take turns. */
  #waiting = 0
  #lastTurn: Promise<unknown> = noTurn

  constructor(open: () => Source | undefined) {
    this.#open = open
  }

  next(): Promise<Result> {
    if (this.#waiting > 0) return this.#inTurn(() => this.#advance())
    try {
      const entry = this.#take()
      if (entry) return Promise.resolve({ value: entry, done: false })
    } catch (error) {
      return this.throw(error)
    }
    return this.#inTurn(() => this.#advance())
  }

  /** Releases the source. */
  return(value?: PromiseLike<void> | void): Promise<Result> {
    return this.#inTurn(async () => {
      await this.#close()
      await value
      return end
    })
  }

  throw(reason: unknown): Promise<Result> {
    return this.#inTurn(() => this.#fail(reason))
  }

  /** Releases the source as well. */
  toArray(): Promise<LogEntry[]> {
    return this.#inTurn(() => this.#takeAll())
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }

  /** The next entry that is there already. */
  #take(): LogEntry | undefined {
    if (this.#left === 0) return undefined
    const { onMalformed, signal, passes } = this.#reading as Reading
    while (this.#index < this.#batch.length) {
      signal?.throwIfAborted()
      const entry = this.#batch[this.#index++] as LogEntry
      if (entry instanceof MalformedEventError) {
        if (onMalformed === 'stop') throw entry
        if (onMalformed === 'skip') continue
      } else if (passes && !passes(entry)) continue
      this.#left--
      return entry
    }
    return undefined
  }

  async #advance(): Promise<Result> {
    try {
      if (this.#state === 'new') this.#begin()
      while (this.#left > 0) {
        const entry = this.#take()
        if (entry) return { value: entry, done: false }
        if (!(await this.#fetch())) break
      }
    } catch (error) {
      return this.#fail(error)
    }
    await this.#close()
    return end
  }

  async #takeAll(): Promise<LogEntry[]> {
    const all: LogEntry[] = []
    try {
      if (this.#state === 'new') this.#begin()
      while (this.#left > 0) {
        for (let entry = this.#take(); entry; entry = this.#take()) all.push(entry)
        if (this.#left === 0 || !(await this.#fetch())) break
      }
    } catch (error) {
      return this.#fail(error)
    }
    await this.#close()
    return all
  }

  #begin(): void {
    this.#state = 'open'
    const source = this.#open()
    if (!source) return
    this.#reading = source.reading
    this.#left = source.reading.limit
    this.#batches = source.batches()[Symbol.asyncIterator]()
  }

  async #fail(reason: unknown): Promise<never> {
    await this.#close().catch(() => undefined) // the first error counts
    throw reason
  }

  /** The next batch; false where there is none. */
  async #fetch(): Promise<boolean> {
    const batch = await this.#batches?.next()
    if (!batch || batch.done) return false
    this.#batch = batch.value
    this.#index = 0
    return true
  }

  async #close(): Promise<void> {
    const batches = this.#batches
    this.#state = 'ended'
    this.#left = 0
    this.#batch = []
    this.#batches = undefined
    await batches?.return?.()
  }

  async #inTurn<T>(call: () => Promise<T>): Promise<T> {
    this.#waiting++
    const turn = this.#lastTurn.then(call)
    this.#lastTurn = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      this.#waiting--
    }
  }
}
