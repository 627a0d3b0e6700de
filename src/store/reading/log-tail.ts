import { freezeJson, MalformedEventError } from '../../core/index.ts'
import type { CommitLog, LogEntry } from '../commit-log.ts'

/** How many entries are kept for those who come a little later, besides the batch that was read last. */
const maxKept = 512

/** What was read at once, and where one stands who has taken all of it. */
interface Batch {
  readonly entries: readonly LogEntry[]
  readonly end: number
}

/** A read of the log that is not at its end yet. */
interface Reading {
  readonly batches: AsyncIterator<readonly LogEntry[]>
  /** How often it had been told, when it was begun, that the log has grown. */
  readonly growths: number
}

/** What is behind a position: these entries, from the first of them on that is. */
export interface Behind {
  readonly entries: readonly LogEntry[]
  readonly first: number
}

const nothing: Behind = { entries: [], first: 0 }

/**
 * The end of the log, read once for all who follow it, however many: docs/decisions/0072-one-read-for-all.md.
 * Each asks for what is behind its own position when it wants to.
 */
export class LogTail {
  readonly #log: CommitLog
  readonly #followers = new Set<() => void>()
  #watch: Promise<AsyncDisposable> | undefined
  #left = new AbortController()
  #growths = 0
  /** Where the batches begin that are kept, each where the one before ends; undefined where nothing was read. */
  #start: number | undefined
  #batches: Batch[] = []
  #keptEntries = 0
  #reading: Reading | undefined
  /** How often the log had grown when the last read began that got to its end. */
  #readAt = -1
  #advancing: Promise<void> | undefined

  constructor(log: CommitLog) {
    this.#log = log
  }

  /** How many follow at present. */
  get followers(): number {
    return this.#followers.size
  }

  /** Calls `wake` as the log's `watch` does: those who ask then get at least what that was about. */
  async follow(wake: () => void): Promise<AsyncDisposable> {
    // Each its own, also where the same function follows twice.
    const follower = (): void => wake()
    this.#followers.add(follower)
    try {
      this.#watch ??= this.#log.watch(() => this.#tell())
      await this.#watch
    } catch (error) {
      this.#followers.delete(follower)
      this.#watch = undefined
      throw error
    }
    return { [Symbol.asyncDispose]: () => this.#leave(follower) }
  }

  /**
   * Some of what is known to be behind the position, and nothing where that is the end. `'behind'`: the position is
   * before all that is kept, and who stands there reads for himself. `'unread'`: see {@link read}.
   */
  after(position: number): Behind | 'behind' | 'unread' {
    if (this.#start === undefined) return 'unread'
    if (position < this.#start) return 'behind'
    const before = this.#batches.findLastIndex(({ end }) => end <= position)
    const entries = this.#batches[before + 1]?.entries
    if (entries) return { entries, first: entries.findIndex((entry) => endOf(entry) > position) }
    return this.#readAt === this.#growths ? nothing : 'unread'
  }

  /**
   * Resolves when more is known of what is behind the position: one read for all who ask meanwhile.
   * @throws what reading throws
   */
  read(position: number): Promise<void> {
    return (this.#advancing ??= this.#advance(position).finally(
      () => (this.#advancing = undefined),
    ))
  }

  get #end(): number | undefined {
    return this.#batches.at(-1)?.end ?? this.#start
  }

  async #advance(position: number): Promise<void> {
    this.#start ??= position
    const reading = (this.#reading ??= this.#begin(this.#end ?? position))
    try {
      // That there is nothing more is found out at once, but behind much, which is given before.
      for (let read = 0; read < maxKept && this.#reading === reading;)
        read += await this.#takeBatch(reading)
      // Who asks has read for himself and is far ahead: nobody may be left to whom the rest is of use.
      if (this.#reading && (this.#end ?? position) < position) this.#restart(position)
    } catch (error) {
      if (this.#reading === reading) this.#reading = undefined
      throw error
    }
  }

  /** @returns how many entries it had */
  async #takeBatch(reading: Reading): Promise<number> {
    const result = await reading.batches.next()
    if (this.#reading !== reading) return 0 // all have left meanwhile
    if (!result.done) return this.#keep(result.value)
    this.#reading = undefined
    this.#readAt = reading.growths
    return 0
  }

  #begin(after: number): Reading {
    const range = { after, limit: Infinity, filter: {} }
    const batches = this.#log.readAll(range, this.#left.signal)[Symbol.asyncIterator]()
    return { batches, growths: this.#growths }
  }

  #keep(entries: readonly LogEntry[]): number {
    const last = entries.at(-1)
    if (!last) return 0
    for (const entry of entries) freezeEntry(entry)
    this.#batches.push({ entries, end: endOf(last) })
    this.#keptEntries += entries.length
    while (this.#batches.length > 1 && this.#keptEntries > maxKept) {
      const oldest = this.#batches.shift() as Batch
      this.#keptEntries -= oldest.entries.length
      this.#start = oldest.end
    }
    return entries.length
  }

  #restart(position: number | undefined): void {
    const reading = this.#reading
    this.#reading = undefined
    this.#start = position
    this.#batches = []
    this.#keptEntries = 0
    this.#readAt = -1
    reading?.batches.return?.().catch(() => undefined)
  }

  #tell(): void {
    this.#growths++
    for (const wake of this.#followers) wake()
  }

  async #leave(follower: () => void): Promise<void> {
    this.#followers.delete(follower)
    if (this.#followers.size > 0) return
    const watch = this.#watch
    this.#watch = undefined
    this.#left.abort('left') // without a reason, it would make an error with a stack
    this.#left = new AbortController()
    this.#restart(undefined)
    await (await watch)?.[Symbol.asyncDispose]()
  }
}

/** Where one stands behind an entry. */
function endOf(entry: LogEntry): number {
  return entry instanceof MalformedEventError ? entry.lastPosition : entry.position
}

/** All who follow are given the same one. */
function freezeEntry(entry: LogEntry): void {
  if (entry instanceof MalformedEventError) return
  try {
    freezeJson(entry.data)
    freezeJson(entry.metadata)
  } catch {
    // Deeper than anything that is written here: it is given as it is.
  }
  Object.freeze(entry)
}
