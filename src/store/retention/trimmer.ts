import {
  AetherError,
  type ActorId,
  type Clock,
  MalformedEventError,
  type StoredEvent,
} from '../../core/index.ts'
import type { CommitLog, LogEntry, LogRetention } from '../commit-log.ts'
import { checkFilter, eventFilter, type LogFilter } from '../reading/log-filter.ts'
import { oneOf } from '../reading/reading.ts'
import type { Snapshots } from '../snapshots/snapshots.ts'

/** Which events are to go. */
export interface TrimOptions {
  /**
   * Events before this time, each by its own; a text as ISO 8601. Nothing younger than the store's
   * `keepForMs` may go. @default that bound
   */
  readonly before?: Date | string
  /** Only of these actors. @default all */
  readonly filter?: Pick<LogFilter, 'actorTypes' | 'key'>
  /**
   * What stays of each actor, however old: `'newest'` is its newest event, with all of the same time;
   * `'snapshot'` is also the event of its snapshot and all behind it, and everything where there is
   * none, so that no actor becomes impossible to replay. @default 'newest'
   */
  readonly keep?: 'newest' | 'snapshot'
  /** Called after every 1,000 events that were looked at, and at the end. */
  readonly onProgress?: (report: TrimReport) => void
  /** Ends it by throwing the signal's reason; what is gone is gone. */
  readonly signal?: AbortSignal
}

/** What was done so far. */
export interface TrimReport {
  /** How many events were removed. */
  readonly removed: number
  /** Of how many actors. */
  readonly actors: number
  /** How many events were looked at: all of the chosen actors, in the order of the log. */
  readonly events: number
}

export interface TrimmerContext {
  readonly log: CommitLog
  readonly snapshots: Pick<Snapshots, 'keptVersion'>
  readonly clock: Clock
}

const progressStep = 1_000

/** Removes the old events of a log: what is older than a moment, but never an actor's newest. */
export class Trimmer {
  readonly #context: TrimmerContext

  constructor(context: TrimmerContext) {
    this.#context = context
  }

  /** @throws AetherError `incompatible-store`, `invalid-argument`; the signal's reason. */
  async trim(options: TrimOptions): Promise<TrimReport> {
    const { log, clock, snapshots } = this.#context
    const { filter = {}, keep = 'newest', onProgress, signal } = options
    const retention = permissionOf(log)
    checkActorFilter(filter)
    const before = boundOf(options.before, clock.now() - retention.keepForMs)
    const isKept = oneOf('keep', keep, ['newest', 'snapshot']) === 'snapshot'
    const trim = new Trim({ retention, snapshots, keepsSnapshots: isKept, signal })
    const walk = new AgeWalk(before)
    const passes = eventFilter(filter)
    let left = progressStep
    const report = (events: number): void => onProgress?.({ ...trim.report, events })
    for await (const batch of log.readAll({ after: 0, limit: Infinity, filter }, signal)) {
      signal?.throwIfAborted()
      for (const entry of batch) {
        if (!(entry instanceof MalformedEventError) && !passes(entry)) continue
        const ended = walk.next(entry)
        if (ended) await trim.remove(ended)
        if (walk.events < left) continue
        left = walk.events + progressStep
        report(walk.events)
      }
    }
    for (const ended of walk.end()) await trim.remove(ended)
    await retention.tidy?.(signal)
    report(walk.events)
    return { ...trim.report, events: walk.events }
  }
}

/** The oldest events of an actor, which may go. */
interface Ended {
  readonly actorId: ActorId
  readonly toVersion: number
}

interface TrimContext extends Pick<TrimmerContext, 'snapshots'> {
  readonly retention: LogRetention
  readonly keepsSnapshots: boolean
  readonly signal: AbortSignal | undefined
}

/** What one trim removes. */
class Trim {
  readonly #context: TrimContext
  #removed = 0
  #actors = 0

  constructor(context: TrimContext) {
    this.#context = context
  }

  get report(): Omit<TrimReport, 'events'> {
    return { removed: this.#removed, actors: this.#actors }
  }

  async remove({ actorId, toVersion }: Ended): Promise<void> {
    const { retention, signal } = this.#context
    signal?.throwIfAborted()
    const last = await this.#beforeSnapshot(actorId, toVersion)
    if (last === 0) return
    const removed = await retention.trim(actorId, last, signal)
    this.#removed += removed
    if (removed > 0) this.#actors++
  }

  /** Up to which version: a snapshot is of use only as long as its event is there. */
  async #beforeSnapshot(actorId: ActorId, toVersion: number): Promise<number> {
    const { snapshots, keepsSnapshots, signal } = this.#context
    const kept = await snapshots.keptVersion(actorId, signal)
    if (kept === undefined) return keepsSnapshots ? 0 : toVersion
    // The one event that makes the whole history dispensable isn't worth removing.
    if (keepsSnapshots || kept === toVersion) return Math.min(toVersion, kept - 1)
    return toVersion
  }
}

/** The events of an actor seen so far, all of which are old. */
interface OldRun {
  readonly version: number
  readonly time: string
  /** The version before the newest ones that have the same time, as those of one commit do. */
  readonly before: number
}

/** Goes through a log and finds which events of each actor are older than a moment, up to the first that isn't. */
class AgeWalk {
  readonly #before: number
  /** Undefined once an event was seen that stays. */
  readonly #runs = new Map<ActorId, OldRun | undefined>()
  events = 0

  constructor(before: number) {
    this.#before = before
  }

  /** What may go of an actor, once that is certain. */
  next(entry: LogEntry): Ended | undefined {
    this.events++
    // What can't be read has no time: it stays, with all that is behind it.
    const actorId = entry.actorId as ActorId | undefined
    if (actorId === undefined) return undefined
    const run = this.#runs.get(actorId)
    if (!run && this.#runs.has(actorId)) return undefined
    if (!(entry instanceof MalformedEventError) && Date.parse(entry.time) < this.#before) {
      const { version, time } = entry
      this.#runs.set(actorId, { version, time, before: beforeOf(entry, run) })
      return undefined
    }
    this.#runs.set(actorId, undefined)
    return run && { actorId, toVersion: run.version }
  }

  /** What may go of those all of whose events are old. */
  *end(): Generator<Ended> {
    for (const [actorId, run] of this.#runs)
      if (run && run.before > 0) yield { actorId, toVersion: run.before }
  }
}

function beforeOf(entry: StoredEvent, run: OldRun | undefined): number {
  if (!run) return 0
  return run.time === entry.time ? run.before : run.version
}

function permissionOf({ retention }: CommitLog): LogRetention {
  if (retention) return retention
  throw new AetherError(
    'incompatible-store',
    'nothing can be removed from this store, as it was made without retention: export its events, and import them into one that is made with it',
  )
}

function checkActorFilter(filter: LogFilter): void {
  checkFilter(filter)
  if (filter.eventTypes === undefined) return
  throw new AetherError(
    'invalid-argument',
    'trim takes whole actors: without some types of events a history would have holes',
  )
}

function boundOf(before: Date | string | undefined, latest: number): number {
  if (before === undefined) return latest
  const ms = before instanceof Date ? before.getTime() : Date.parse(before)
  if (Number.isNaN(ms)) {
    const message = `before must be a time such as 2026-11-21T20:00:00Z, not ${String(before)}`
    throw new AetherError('invalid-argument', message)
  }
  if (ms <= latest) return ms
  throw new AetherError(
    'invalid-argument',
    `before must not be later than ${new Date(latest).toISOString()}: this store keeps younger events`,
  )
}
