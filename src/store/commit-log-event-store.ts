import {
  AetherError,
  type ActorId,
  type Clock,
  type Logger,
  type NewEvent,
  checkActorId,
  steadyLogger,
  systemClock,
} from '../core/index.ts'
import type { Agenda } from './agenda/agenda.ts'
import type { OfferedPart } from './append/commit.ts'
import { Committing } from './append/committing.ts'
import { KnownVersions } from './append/known-versions.ts'
import { appendResult, commitResult } from './append/store-outcome.ts'
import { StoredListeners, type StoredListener } from './append/stored-listeners.ts'
import { UnderWay } from './append/under-way.ts'
import { commitContextOf, observedWrites, writerInto } from './write-path.ts'
import type { Broadcast } from './broadcast.ts'
import type { AuditEntry, CommitLog, LogEntry } from './commit-log.ts'
import { defaultRememberedVersions, type EventStoreOptions } from './event-store-options.ts'
import type {
  Append,
  AppendOptions,
  AppendResult,
  Collecting,
  CommitResult,
  EventStore,
  ReadAllOptions,
  ReadBatchesOptions,
  ReadOptions,
  SubscribeOptions,
  VersionedAppend,
  VersionedEvent,
  WriteOptions,
} from './event-store.ts'
import { TrimmedMarks } from './moving/trimmed-mark.ts'
import { offeredPart } from './projecting/offered-part.ts'
import { ActorRead } from './reading/actor-read.ts'
import { EntryIterator } from './reading/entry-iterator.ts'
import type { EventRead } from './reading/event-read.ts'
import { checkFilter } from './reading/log-filter.ts'
import type { LogIdentity } from './log-identity.ts'
import { LogTail } from './reading/log-tail.ts'
import { ReadAhead } from './reading/read-ahead.ts'
import { oneOf, wholeNumber } from './reading/reading.ts'
import { checkReached } from './reading/reached.ts'
import { Sources } from './reading/sources.ts'
import {
  LogSubscription,
  startOf,
  type Subscription,
  type SubscriptionSurroundings,
} from './reading/subscription.ts'
import type { Retention } from './retention/retention.ts'
import { Trimmer, type TrimOptions, type TrimReport } from './retention/trimmer.ts'
import type { SnapshotShelf } from './snapshots/snapshot-shelf.ts'
import type { LoadSnapshotOptions, NewSnapshot, Snapshot } from './snapshots/snapshot.ts'
import { Snapshots } from './snapshots/snapshots.ts'
import { storeClosed } from './store-closed.ts'
import { steadyWake } from './steady-wake.ts'
import type { StoreObserver } from './store-observer.ts'
import type { DocumentTable } from './tables/document-table.ts'
import { DocumentTables, type TableShelf } from './tables/document-tables.ts'

/** What a store may have beside its events. */
export interface StoreExtras {
  readonly agenda?: Agenda
  readonly tables?: TableShelf
  readonly broadcast?: Broadcast
  readonly inlineSeat?: object
}

/** Of callers without types, who are told what's missing. */
const noOptions = {} as AppendOptions

/** The semantics of an event store, over any backend's {@link CommitLog} and {@link SnapshotShelf}. */
export class CommitLogEventStore implements EventStore {
  readonly agenda: Agenda | undefined
  readonly broadcast: Broadcast | undefined
  readonly inlineSeat: object | undefined
  readonly #log: CommitLog
  readonly #following: SubscriptionSurroundings
  readonly #snapshots: Snapshots
  readonly #trimmer: Trimmer
  readonly #trimmedMarks: TrimmedMarks
  readonly #tables: DocumentTables | undefined
  readonly #committing: Committing
  readonly #known: KnownVersions
  readonly #sources: Sources
  readonly #listeners: StoredListeners
  readonly #observer: StoreObserver | undefined
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #underWay = new UnderWay()
  /** Ends the subscriptions. */
  readonly #closed = new AbortController()
  #closing: Promise<void> | undefined

  constructor(
    log: CommitLog,
    shelf: SnapshotShelf,
    options: EventStoreOptions = {},
    { agenda, tables, broadcast, inlineSeat }: StoreExtras = {},
  ) {
    const { clock = systemClock, rememberedVersions = defaultRememberedVersions } = options
    const logger = steadyLogger(options.logger)
    this.agenda = agenda
    this.broadcast = broadcast
    this.inlineSeat = inlineSeat
    this.#tables = tables && new DocumentTables(tables, logger)
    this.#log = log
    this.#following = { log, tail: new LogTail(log), readAhead: new ReadAhead() }
    this.#snapshots = new Snapshots({ shelf, log, clock, logger })
    this.#trimmer = new Trimmer({ log, snapshots: this.#snapshots, clock })
    this.#trimmedMarks = new TrimmedMarks(log, rememberedVersions)
    this.#known = new KnownVersions(wholeNumber('rememberedVersions', rememberedVersions, 0))
    this.#sources = new Sources(log, this.#known)
    this.#listeners = new StoredListeners(clock, logger)
    this.#observer = options.observer
    this.#clock = clock
    this.#logger = logger
    this.#committing = new Committing({
      log,
      writer: writerInto(log, options),
      observed: observedWrites(log, options),
      context: commitContextOf(options),
      known: this.#known,
      listeners: this.#listeners,
      underWay: this.#underWay,
    })
  }

  /** An async function would make a promise more, and wait for the one that there is. */
  append(
    actorId: ActorId,
    events: readonly NewEvent[],
    options: AppendOptions,
  ): Promise<AppendResult> {
    try {
      return Promise.resolve(this.appendAtOnce(actorId, events, options))
    } catch (error) {
      const reason = error as Error
      return Promise.reject(reason)
    }
  }

  appendAtOnce(
    actorId: ActorId,
    events: readonly NewEvent[],
    { expectedVersion, signal }: AppendOptions = noOptions,
  ): AppendResult | Promise<AppendResult> {
    return this.#append(offeredPart({ actorId, events, expectedVersion }), signal)
  }

  async commit(
    appends: readonly (Append | VersionedAppend)[],
    { signal }: WriteOptions = {},
  ): Promise<CommitResult> {
    this.#assertOpen()
    const offered = appends.map(offeredPart)
    return commitResult(offered, await this.#committing.store(offered, signal))
  }

  async save(
    actorId: ActorId,
    events: VersionedEvent | readonly VersionedEvent[],
    { signal }: WriteOptions = {},
  ): Promise<AppendResult> {
    const run = Array.isArray(events) ? events : [events as VersionedEvent]
    return this.#append(offeredPart({ actorId, events: run }), signal)
  }

  read(actorId: ActorId, options: Collecting<ReadOptions>): EventRead<LogEntry>
  read(actorId: ActorId, options?: ReadOptions): EventRead
  read(actorId: ActorId, options?: ReadOptions | Collecting<ReadOptions>): EventRead<LogEntry> {
    return new ActorRead(this.#sources, actorId, options)
  }

  readAll(options: Collecting<ReadAllOptions>): EventRead<LogEntry>
  readAll(options?: ReadAllOptions): EventRead
  readAll(options: ReadAllOptions | Collecting<ReadAllOptions> = {}): EventRead<LogEntry> {
    return new EntryIterator(() => this.#sources.ofAll(options))
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.#assertOpen()
    const { checkpoint, filter = {} } = options
    checkFilter(filter)
    const after = checkpoint === undefined ? 0 : startOf(checkpoint)
    const onMalformed = oneOf('onMalformed', options.onMalformed ?? 'stop', ['stop', 'skip'])
    const signal = this.#endedBy(options.signal)
    const around = { clock: this.#clock, logger: this.#logger, observer: this.#observer }
    return new LogSubscription(this.#following, { after, filter, onMalformed, signal, ...around })
  }

  async lastPosition({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    this.#assertOpen()
    signal?.throwIfAborted()
    return this.#log.lastPosition(signal)
  }

  async checkPosition(
    position: number,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    this.#assertOpen()
    wholeNumber('position', position, 0)
    signal?.throwIfAborted()
    await checkReached(this.#log, position, signal)
  }

  readBatches({
    after = 0,
    reach = 0,
    filter = {},
    signal,
  }: ReadBatchesOptions): AsyncIterable<readonly LogEntry[]> {
    this.#assertOpen()
    checkFilter(filter)
    const range = { after: wholeNumber('after', after, 0), reach, limit: Infinity, filter }
    return this.#log.readAll(range, signal)
  }

  async watch(wake: () => void): Promise<AsyncDisposable> {
    this.#assertOpen()
    return this.#log.watch(steadyWake(wake, 'the log', this.#logger))
  }

  async remaining(
    position: number,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<number> {
    this.#assertOpen()
    return this.#log.remaining(wholeNumber('position', position, 0), signal)
  }

  async latestVersion(
    actorId: ActorId,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<number> {
    this.#assertOpen()
    checkActorId(actorId)
    options.signal?.throwIfAborted()
    const version = await this.#log.latestVersion(actorId, options.signal)
    this.#known.learn(actorId, version)
    return version
  }

  knownVersion(actorId: ActorId): number | undefined {
    return this.#known.get(actorId)
  }

  get identity(): LogIdentity | undefined {
    return this.#log.identity
  }

  get leastActorsTogether(): number {
    return this.#log.leastActorsTogether ?? 16
  }

  get retention(): Retention | undefined {
    const { retention } = this.#log
    return retention && { keepForMs: retention.keepForMs }
  }

  async trimmedVersion(
    actorId: ActorId,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<number> {
    this.#assertOpen()
    checkActorId(actorId)
    signal?.throwIfAborted()
    const removedHere = (await this.#log.retention?.trimmedVersion(actorId, signal)) ?? 0
    return removedHere || this.#trimmedMarks.of(actorId, signal)
  }

  async trim(options: TrimOptions = {}): Promise<TrimReport> {
    this.#assertOpen()
    const trimming = this.#trimmer.trim({ ...options, signal: this.#endedBy(options.signal) })
    this.#underWay.enter(trimming)
    return trimming
  }

  async *audit({
    after = 0,
    signal,
  }: Pick<ReadAllOptions, 'after' | 'signal'> = {}): AsyncGenerator<AuditEntry, void> {
    this.#assertOpen()
    wholeNumber('after', after, 0)
    const batches =
      this.#log.audit?.(after, signal) ??
      this.#log.readAll({ after, limit: Infinity, filter: {} }, signal)
    for await (const batch of batches) {
      signal?.throwIfAborted()
      yield* batch
    }
  }

  onStored(listener: StoredListener): Disposable {
    this.#assertOpen()
    return this.#listeners.add(listener)
  }

  async loadSnapshot(
    actorId: ActorId,
    options: LoadSnapshotOptions,
  ): Promise<Snapshot | undefined> {
    this.#assertOpen()
    checkActorId(actorId)
    return this.#snapshots.load(actorId, options)
  }

  async saveSnapshot(
    actorId: ActorId,
    snapshot: NewSnapshot,
    { signal }: WriteOptions = {},
  ): Promise<boolean> {
    this.#assertOpen()
    checkActorId(actorId)
    return this.#snapshots.save(actorId, snapshot, signal)
  }

  async table(name: string): Promise<DocumentTable> {
    this.#assertOpen()
    if (this.#tables) return this.#tables.open(name)
    throw new AetherError('incompatible-store', 'this store was made without tables')
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed.abort(storeClosed())
    this.#sources.close()
    this.#log.beginClosing()
    // A commit may take several steps, and the log must be open for all of them.
    await this.#underWay.none()
    // From the last to the first, and each of them whatever another one throws.
    await using parts = new AsyncDisposableStack()
    parts.defer(() => this.#log.close())
    parts.defer(() => this.#tables?.close())
    parts.defer(() => this.agenda?.close())
    parts.defer(() => this.#snapshots.close())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #append(
    part: OfferedPart,
    signal: AbortSignal | undefined,
  ): AppendResult | Promise<AppendResult> {
    this.#assertOpen()
    const outcome = this.#committing.store([part], signal)
    return outcome instanceof Promise
      ? outcome.then((later) => appendResult(part, later))
      : appendResult(part, outcome)
  }

  /** Closing ends it as well. */
  #endedBy(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any(signal ? [signal, this.#closed.signal] : [this.#closed.signal])
  }

  #assertOpen(): void {
    if (this.#closing) throw storeClosed()
  }
}
