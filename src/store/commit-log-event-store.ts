import {
  AetherError,
  type ActorId,
  type Clock,
  type IdSource,
  type NewEvent,
  parseActorId,
  randomIds,
  type StoredEvent,
  systemClock,
} from '../core/index.ts'
import type { CommitLog } from './commit-log.ts'
import { type Commit, type CommitContext, makeCommit } from './commit.ts'
import type {
  Appended,
  AppendOptions,
  AppendResult,
  EventStore,
  ExpectedVersion,
  ReadAllOptions,
  ReadOptions,
} from './event-store.ts'
import { findRepeat } from './repeat.ts'

/** Settings of a store, the same for every backend. */
export interface EventStoreOptions {
  /** @default the system's */
  readonly clock?: Clock
  /** @default random UUIDs */
  readonly ids?: IdSource
  /** @default 1,000 */
  readonly maxEventsPerAppend?: number
}

/** How many of an actor's newest events an append at `'any'` searches for its own ids. */
const repeatWindow = 1_000
/** How often an append at `'any'` that has to look for repeats tries to get in. */
const maxRepeatableTries = 100

/** The semantics of an event store, over any backend's {@link CommitLog}. */
export class CommitLogEventStore implements EventStore {
  readonly #log: CommitLog
  readonly #context: CommitContext
  #closing: Promise<void> | undefined

  constructor(log: CommitLog, options: EventStoreOptions = {}) {
    this.#log = log
    this.#context = {
      clock: options.clock ?? systemClock,
      ids: options.ids ?? randomIds,
      maxEventsPerAppend: options.maxEventsPerAppend ?? 1_000,
    }
  }

  async append(
    actorId: ActorId,
    events: readonly NewEvent[],
    { expectedVersion }: AppendOptions,
  ): Promise<AppendResult> {
    this.#assertOpen()
    parseActorId(actorId)
    checkExpectedVersion(expectedVersion)
    const commit = makeCommit(actorId, events, this.#context)
    return expectedVersion === 'any' && commit.isRepeatable
      ? this.#appendOnce(commit)
      : this.#appendAt(commit, expectedVersion)
  }

  async *read(
    actorId: ActorId,
    options: ReadOptions = {},
  ): AsyncGenerator<StoredEvent, void, undefined> {
    this.#assertOpen()
    parseActorId(actorId)
    const first = wholeNumber('fromVersion', options.fromVersion ?? 1, 1)
    const toVersion = wholeNumber('toVersion', options.toVersion ?? Infinity, 0)
    const limit = wholeNumber('limit', options.limit ?? Infinity, 0)
    const last = Math.min(toVersion, first + limit - 1)
    if (last < first) return
    let left = limit
    for await (const batch of this.#log.read(actorId, { first, last }, options.signal)) {
      for (const event of batch) {
        options.signal?.throwIfAborted()
        yield event
        if (--left === 0) return
      }
    }
  }

  async latestVersion(
    actorId: ActorId,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<number> {
    this.#assertOpen()
    parseActorId(actorId)
    options.signal?.throwIfAborted()
    return this.#log.latestVersion(actorId, options.signal)
  }

  async *readAll(options: ReadAllOptions = {}): AsyncGenerator<StoredEvent, void, undefined> {
    this.#assertOpen()
    const after = wholeNumber('after', options.after ?? 0, 0)
    const limit = wholeNumber('limit', options.limit ?? Infinity, 0)
    if (limit === 0) return
    let left = limit
    for await (const batch of this.#log.readAll(after, limit, options.signal)) {
      for (const event of batch) {
        options.signal?.throwIfAborted()
        yield event
        if (--left === 0) return
      }
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#log.close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #appendAt(commit: Commit, expectedVersion: ExpectedVersion): Promise<AppendResult> {
    const outcome = await this.#log.write(commit, expectedVersion)
    if (outcome.ok) return appended(outcome.events, false)
    const { actorId } = commit
    const { currentVersion } = outcome
    // A conflict is first compared with what stands there: it may be this very append, repeated.
    if (expectedVersion !== 'any' && commit.isRepeatable && currentVersion > expectedVersion) {
      const last = expectedVersion + commit.events.length
      const repeat = await findRepeat(this.#log, commit, { first: expectedVersion + 1, last })
      if (repeat) return appended(repeat, true)
    }
    return { ok: false, conflict: { actorId, expectedVersion, currentVersion } }
  }

  /** An append at `'any'` whose events have ids: looks for them before each guarded try. */
  async #appendOnce(commit: Commit): Promise<AppendResult> {
    const { actorId } = commit
    let currentVersion = await this.#log.latestVersion(actorId, undefined)
    let first = Math.max(1, currentVersion - repeatWindow + 1)
    for (let tries = 0; tries < maxRepeatableTries; tries++) {
      const repeat = await findRepeat(this.#log, commit, { first, last: currentVersion })
      if (repeat) return appended(repeat, true)
      const outcome = await this.#log.write(commit, currentVersion)
      if (outcome.ok) return appended(outcome.events, false)
      first = currentVersion + 1
      currentVersion = outcome.currentVersion
    }
    return { ok: false, conflict: { actorId, expectedVersion: 'any', currentVersion } }
  }

  #assertOpen(): void {
    if (this.#closing) throw new AetherError('closed', 'the event store was closed')
  }
}

function appended(events: readonly StoredEvent[], duplicate: boolean): Appended {
  const last = events[events.length - 1] as StoredEvent
  return { ok: true, version: last.version, position: last.position, events, duplicate }
}

function checkExpectedVersion(expected: ExpectedVersion): void {
  if (expected === 'any' || (Number.isSafeInteger(expected) && expected >= 0)) return
  throw new AetherError(
    'invalid-argument',
    `expectedVersion must be a whole number from 0 or 'any', not ${typeof expected} ${String(expected)}`,
  )
}

function wholeNumber(name: string, value: number, least: number): number {
  if ((Number.isSafeInteger(value) || value === Infinity) && value >= least) return value
  throw new AetherError(
    'invalid-argument',
    `${name} must be a whole number from ${least}, not ${String(value)}`,
  )
}
