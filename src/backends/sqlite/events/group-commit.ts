import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises'
import { AetherError } from '../../../core/index.ts'
import type { WriteOutcome } from '../../../store/index.ts'
import { pauseMs } from '../file/retry-while-busy.ts'
import { isBusy, isUnknown, sqliteFailure } from '../file/sqlite-failure.ts'
import type { SqliteSettings } from './sqlite-options.ts'
import type { WriteRequest } from './write-request.ts'

/** Stores all of the requests durably, or throws and has stored none. */
type StoreTogether = (requests: readonly WriteRequest[]) => readonly WriteOutcome[]

interface Waiting {
  readonly request: WriteRequest
  /** By the monotonic clock, in milliseconds. */
  readonly since: number
  readonly resolve: (outcome: WriteOutcome) => void
  readonly reject: (error: unknown) => void
}

/** So that one transaction doesn't hold the event loop for long: some 10 ms. */
const maxEventsPerTransaction = 1_000

/**
 * The writer: gathers requests that come while others are being stored, and stores them together,
 * in the order in which they came. A sync of the disk is what an append costs; so they share it.
 */
export class GroupCommit {
  readonly #store: StoreTogether
  readonly #file: string
  readonly #settings: SqliteSettings
  readonly #waiting: Waiting[] = []
  /** How many of the next requests are stored each alone, to find the one that fails. */
  #suspects = 0
  /** How the transaction failed that all of them were in, where the disk may have it even so. */
  #unknown: unknown
  #draining: Promise<void> | undefined
  #isClosed = false

  constructor(store: StoreTogether, file: string, settings: SqliteSettings) {
    this.#store = store
    this.#file = file
    this.#settings = settings
  }

  /**
   * Resolves once the request is on disk, or has met another version.
   * @throws AetherError `overloaded`, `closed`, `store-unavailable`, `outcome-unknown`,
   * `too-large`, `incompatible-store`
   */
  write(request: WriteRequest): Promise<WriteOutcome> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new AetherError('closed', 'the event store was closed')
      if (this.#waiting.length >= this.#settings.maxWaitingCommits) throw this.#overloaded()
      this.#waiting.push({ request, since: performance.now(), resolve, reject })
      this.#draining ??= this.#drain()
    })
  }

  /** Stores what is waiting, and what comes back within a turn for having lost to another. */
  async close(): Promise<void> {
    do {
      await this.#draining
      await turn()
    } while (this.#draining)
    this.#isClosed = true
  }

  async #drain(): Promise<void> {
    let refusals = 0
    while (this.#waiting.length > 0) {
      // A turn of the event loop, in which more requests come together.
      await (refusals === 0 ? turn() : sleep(pauseMs(refusals)))
      refusals = this.#storeNext() ? 0 : refusals + 1
    }
    this.#draining = undefined
  }

  /** False where another process holds the lock. */
  #storeNext(): boolean {
    const group = this.#nextGroup()
    try {
      const outcomes = this.#store(group.map((waiting) => waiting.request))
      // It was written in the place of what may have been left there.
      if (outcomes.some(({ ok }) => ok)) this.#unknown = undefined
      group.forEach((waiting, index) => waiting.resolve(outcomes[index] as WriteOutcome))
    } catch (thrown) {
      if (isBusy(thrown)) {
        this.#rejectOverdue(thrown)
        return false
      }
      if (group.length > 1) {
        // The failure may be of one request and must not be its neighbours'.
        this.#suspects = group.length
        this.#unknown = isUnknown(thrown) ? thrown : undefined
        return true
      }
      group[0]?.reject(this.#failureOf(0, thrown))
    }
    this.#waiting.splice(0, group.length)
    if (this.#suspects > 0) this.#suspects--
    return true
  }

  #nextGroup(): readonly Waiting[] {
    if (this.#suspects > 0) return this.#waiting.slice(0, 1)
    const most = Math.min(this.#waiting.length, this.#settings.maxCommitsPerTransaction)
    let length = 0
    let events = 0
    while (length < most && (length === 0 || events < maxEventsPerTransaction)) {
      events += this.#waiting[length]?.request.rowCount ?? 0
      length++
    }
    return this.#waiting.slice(0, length)
  }

  /** They wait in the order of their coming, so the overdue ones are at the front. */
  #rejectOverdue(thrown: unknown): void {
    const dueSince = performance.now() - this.#settings.lockTimeoutMs
    const kept = this.#waiting.findIndex((waiting) => waiting.since > dueSince)
    const overdue = this.#waiting.splice(0, kept < 0 ? this.#waiting.length : kept)
    overdue.forEach(({ reject }, place) => reject(this.#failureOf(place, thrown)))
    this.#suspects = Math.max(0, this.#suspects - overdue.length)
  }

  /** What whoever waits at this place is told: a suspect may be stored by its first try, however the second failed. */
  #failureOf(place: number, thrown: unknown): unknown {
    const isPerhapsStored = place < this.#suspects && this.#unknown !== undefined
    return isPerhapsStored ? this.#unknown : sqliteFailure(this.#file, thrown)
  }

  #overloaded(): AetherError {
    return new AetherError(
      'overloaded',
      `${this.#waiting.length} appends wait for ${this.#file} already: wait for some of them, or raise maxWaitingCommits`,
    )
  }
}
