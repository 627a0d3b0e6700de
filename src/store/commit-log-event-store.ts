import {
  AetherError,
  type ActorId,
  type Clock,
  type IdSource,
  type Logger,
  type NewEvent,
  numberedIds,
  checkActorId,
  processLogger,
  randomIds,
  type StoredEvent,
  systemClock,
} from '../core/index.ts'
import type { Agenda } from './agenda/agenda.ts'
import { type Commit, type CommitContext, makeCommit, type OfferedPart } from './append/commit.ts'
import { KnownVersions } from './append/known-versions.ts'
import { ObservedWriter } from './append/observed-writer.ts'
import { findRepeat } from './append/repeat.ts'
import { StoredListeners, type StoredListener } from './append/stored-listeners.ts'
import { UnderWay } from './append/under-way.ts'
import type { Broadcast } from './broadcast.ts'
import type { AuditEntry, CommitLog, LogEntry, WriteOutcome } from './commit-log.ts'
import type {
  Append,
  Appended,
  AppendOptions,
  AppendResult,
  Collecting,
  CommitResult,
  Committed,
  Conflicted,
  EventStore,
  ReadAllOptions,
  ReadBatchesOptions,
  ReadOptions,
  SubscribeOptions,
  VersionedAppend,
  VersionedEvent,
} from './event-store.ts'
import { HashChainWriter } from './hash-chain/hash-chain-writer.ts'
import { TrimmedMarks } from './moving/trimmed-mark.ts'
import { offeredPart } from './projecting/offered-part.ts'
import { EntryIterator, type Source } from './reading/entry-iterator.ts'
import { checkFilter, eventFilter } from './reading/log-filter.ts'
import { oneOf, readingOf, wholeNumber } from './reading/reading.ts'
import { LogSubscription, startOf, type Subscription } from './reading/subscription.ts'
import type { Retention } from './retention/retention.ts'
import { Trimmer, type TrimOptions, type TrimReport } from './retention/trimmer.ts'
import type { SnapshotShelf } from './snapshots/snapshot-shelf.ts'
import type { LoadSnapshotOptions, NewSnapshot, Snapshot } from './snapshots/snapshot.ts'
import { Snapshots } from './snapshots/snapshots.ts'
import type { StoreObserver } from './store-observer.ts'
import type { DocumentTable } from './tables/document-table.ts'
import { DocumentTables, type TableShelf } from './tables/document-tables.ts'

/** Settings of a store, the same for every backend. */
export interface EventStoreOptions {
  /** @default the system's */
  readonly clock?: Clock
  /** @default random UUIDs */
  readonly ids?: IdSource
  /** @default 1,000 */
  readonly maxEventsPerAppend?: number
  /** Of how many actors the version is remembered, and the newest hash of a chain. @default 10,000 */
  readonly rememberedVersions?: number
  /**
   * Puts a hash into each event's metadata, over its content and the hash of the actor's event before
   * it, by which `verifyStore` finds what was changed. Writes to one actor take turns. @default false
   */
  readonly hashChain?: boolean
  /** @default warnings of the process */
  readonly logger?: Logger
  /** Is told of each write and subscription, to count them. @default nobody */
  readonly observer?: StoreObserver
}

/** What a store may have beside its events. */
export interface StoreExtras {
  readonly agenda?: Agenda
  readonly tables?: TableShelf
  readonly broadcast?: Broadcast
  readonly inlineSeat?: object
}

/** How often a commit at `'any'` that has to look for its repeat tries to get in. */
const maxRepeatableTries = 100

const directions = ['forwards', 'backwards'] as const

/** The semantics of an event store, over any backend's {@link CommitLog} and {@link SnapshotShelf}. */
export class CommitLogEventStore implements EventStore {
  readonly agenda: Agenda | undefined
  readonly broadcast: Broadcast | undefined
  readonly inlineSeat: object | undefined
  readonly #log: CommitLog
  readonly #snapshots: Snapshots
  readonly #trimmer: Trimmer
  readonly #trimmedMarks: TrimmedMarks
  readonly #tables: DocumentTables | undefined
  readonly #writer: Pick<CommitLog, 'write'>
  readonly #context: CommitContext
  readonly #known: KnownVersions
  readonly #listeners: StoredListeners
  readonly #observer: StoreObserver | undefined
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
    const { clock = systemClock, logger = processLogger, rememberedVersions = 10_000 } = options
    const { ids = randomIds } = options
    this.agenda = agenda
    this.broadcast = broadcast
    this.inlineSeat = inlineSeat
    this.#tables = tables && new DocumentTables(tables)
    this.#log = log
    this.#snapshots = new Snapshots({ shelf, log, clock, logger })
    this.#trimmer = new Trimmer({ log, snapshots: this.#snapshots, clock })
    const { observer } = options
    const writer = options.hashChain ? new HashChainWriter(log, rememberedVersions) : log
    this.#writer = observer ? new ObservedWriter(writer, observer, clock) : writer
    this.#context = {
      clock,
      ids,
      commitIds: numberedIds(ids),
      maxEventsPerAppend: options.maxEventsPerAppend ?? 1_000,
    }
    this.#known = new KnownVersions(wholeNumber('rememberedVersions', rememberedVersions, 0))
    this.#trimmedMarks = new TrimmedMarks(log, rememberedVersions)
    this.#listeners = new StoredListeners(logger)
    this.#observer = observer
  }

  async append(
    actorId: ActorId,
    events: readonly NewEvent[],
    { expectedVersion }: AppendOptions,
  ): Promise<AppendResult> {
    return this.#storeOne(offeredPart({ actorId, events, expectedVersion }))
  }

  async commit(appends: readonly (Append | VersionedAppend)[]): Promise<CommitResult> {
    const offered = appends.map(offeredPart)
    const outcome = await this.#store(offered)
    return outcome.ok ? committed(outcome) : conflictOf(offered, outcome)
  }

  async save(
    actorId: ActorId,
    events: VersionedEvent | readonly VersionedEvent[],
  ): Promise<AppendResult> {
    const run = 'version' in events ? [events] : events
    return this.#storeOne(offeredPart({ actorId, events: run }))
  }

  read(actorId: ActorId, options: Collecting<ReadOptions>): AsyncGenerator<LogEntry, void>
  read(actorId: ActorId, options?: ReadOptions): AsyncGenerator<StoredEvent, void>
  read(
    actorId: ActorId,
    options: ReadOptions | Collecting<ReadOptions> = {},
  ): AsyncGenerator<LogEntry, void> {
    return new EntryIterator(() => this.#sourceOf(actorId, options))
  }

  readAll(options: Collecting<ReadAllOptions>): AsyncGenerator<LogEntry, void>
  readAll(options?: ReadAllOptions): AsyncGenerator<StoredEvent, void>
  readAll(
    options: ReadAllOptions | Collecting<ReadAllOptions> = {},
  ): AsyncGenerator<LogEntry, void> {
    return new EntryIterator(() => this.#sourceOfAll(options))
  }

  subscribe(options: SubscribeOptions = {}): Subscription {
    this.#assertOpen()
    const { checkpoint, filter = {} } = options
    checkFilter(filter)
    const after = checkpoint === undefined ? 0 : startOf(checkpoint)
    const onMalformed = oneOf('onMalformed', options.onMalformed ?? 'stop', ['stop', 'skip'])
    const signal = this.#endedBy(options.signal)
    const observer = this.#observer
    return new LogSubscription(this.#log, { after, filter, onMalformed, signal, observer })
  }

  async lastPosition({ signal }: { readonly signal?: AbortSignal } = {}): Promise<number> {
    this.#assertOpen()
    signal?.throwIfAborted()
    return this.#log.lastPosition(signal)
  }

  readBatches({
    after = 0,
    filter = {},
    signal,
  }: ReadBatchesOptions): AsyncIterable<readonly LogEntry[]> {
    this.#assertOpen()
    checkFilter(filter)
    const range = { after: wholeNumber('after', after, 0), limit: Infinity, filter }
    return this.#log.readAll(range, signal)
  }

  async watch(wake: () => void): Promise<AsyncDisposable> {
    this.#assertOpen()
    return this.#log.watch(wake)
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

  async saveSnapshot(actorId: ActorId, snapshot: NewSnapshot): Promise<boolean> {
    this.#assertOpen()
    checkActorId(actorId)
    return this.#snapshots.save(actorId, snapshot)
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
    this.#closed.abort(closed())
    this.#log.beginClosing()
    // A commit may take several steps, and the log must be open for all of them.
    await this.#underWay.none()
    await this.#snapshots.close()
    await this.agenda?.close()
    await this.#tables?.close()
    await this.#log.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #storeOne(part: OfferedPart): AppendResult | Promise<AppendResult> {
    const offered = [part]
    const outcome = this.#store(offered)
    return outcome instanceof Promise
      ? outcome.then((later) => resultOf(offered, later))
      : resultOf(offered, outcome)
  }

  /** Gives the outcome itself where the log had nothing to wait for. */
  #store(offered: readonly OfferedPart[]): StoreOutcome | Promise<StoreOutcome> {
    this.#assertOpen()
    for (const { actorId } of offered) checkActorId(actorId)
    const commit = makeCommit(offered, this.#context)
    if (isRepeatable(offered)) return this.#untilDone(this.#storeRepeatable(commit))
    const outcome = this.#writer.write(commit)
    return outcome instanceof Promise
      ? this.#untilDone(this.#storeNew(commit, outcome))
      : this.#told(commit, outcome)
  }

  /** Closing waits for it. */
  #untilDone(storing: Promise<StoreOutcome>): Promise<StoreOutcome> {
    this.#underWay.enter(storing)
    return storing
  }

  async #storeNew(commit: Commit, writing: Promise<WriteOutcome>): Promise<StoreOutcome> {
    return this.#told(commit, await writing)
  }

  #storeRepeatable(commit: Commit): Promise<StoreOutcome> {
    const isAnywhere = commit.parts.some(({ expected }) => expected === 'any')
    return isAnywhere ? this.#storeOnceAnywhere(commit) : this.#storeOnce(commit)
  }

  /** A conflict is first compared with what stands there: it may be this very commit, repeated. */
  async #storeOnce(commit: Commit): Promise<StoreOutcome> {
    return this.#settle(commit, this.#told(commit, await this.#writer.write(commit)))
  }

  async #settle(commit: Commit, outcome: WriteOutcome): Promise<StoreOutcome> {
    const repeat = outcome.ok ? undefined : await findRepeat(this.#log, commit)
    return repeat ? { ok: true, parts: repeat, duplicate: true } : outcome
  }

  /** A part at `'any'` never conflicts by itself: it looks for its repeat before each guarded try. */
  async #storeOnceAnywhere(commit: Commit): Promise<StoreOutcome> {
    for (let triesLeft = maxRepeatableTries; ; triesLeft--) {
      const pinned = await this.#pin(commit)
      const repeat = await findRepeat(this.#log, commit)
      if (repeat) return { ok: true, parts: repeat, duplicate: true }
      const outcome = this.#told(pinned, await this.#writer.write(pinned))
      if (outcome.ok || triesLeft === 0) return outcome
      // Where another part stands elsewhere, no further try can succeed: it's a conflict, or it was
      // this very commit that got in meanwhile.
      if (commit.parts[outcome.partIndex]?.expected !== 'any') return this.#settle(commit, outcome)
    }
  }

  /** Every outcome goes through here, so that what is acknowledged first is told first. */
  #told(commit: Commit, outcome: WriteOutcome): WriteOutcome {
    this.#known.learnFromWrite(commit, outcome)
    if (outcome.ok) this.#listeners.tell(outcome.parts)
    return outcome
  }

  /** The same commit, expecting each actor where it stands now. */
  async #pin(commit: Commit): Promise<Commit> {
    const parts = commit.parts.map(async (part) =>
      part.expected === 'any'
        ? { ...part, expected: await this.#log.latestVersion(part.actorId, undefined) }
        : part,
    )
    return { ...commit, parts: await Promise.all(parts) }
  }

  #sourceOf(actorId: ActorId, options: ReadOptions | Collecting<ReadOptions>): Source | undefined {
    this.#assertOpen()
    checkActorId(actorId)
    const first = wholeNumber('fromVersion', options.fromVersion ?? 1, 1)
    const last = wholeNumber('toVersion', options.toVersion ?? Infinity, 0)
    const direction = oneOf('direction', options.direction ?? 'forwards', directions)
    const reading = readingOf(options)
    if (last < first || reading.limit === 0) return undefined
    const { limit, signal } = reading
    const range = { first, last, direction, limit }
    const batches = this.#log.read(actorId, range, signal)
    return { batches: this.#known.learnFrom(actorId, range, batches), reading }
  }

  #sourceOfAll(options: ReadAllOptions | Collecting<ReadAllOptions>): Source | undefined {
    this.#assertOpen()
    const after = wholeNumber('after', options.after ?? 0, 0)
    const { filter = {} } = options
    checkFilter(filter)
    const reading = { ...readingOf(options), passes: eventFilter(filter) }
    if (reading.limit === 0) return undefined
    const { limit, signal } = reading
    return { batches: this.#log.readAll({ after, limit, filter }, signal), reading }
  }

  /** Closing ends it as well. */
  #endedBy(signal: AbortSignal | undefined): AbortSignal {
    return AbortSignal.any(signal ? [signal, this.#closed.signal] : [this.#closed.signal])
  }

  #assertOpen(): void {
    if (this.#closing) throw closed()
  }
}

/** Only events that the caller named can be recognised when they come again. */
function isRepeatable(offered: readonly OfferedPart[]): boolean {
  for (const { events } of offered) for (const { id } of events) if (id === undefined) return false
  return true
}

/** What became of a commit: also that it stood there already. */
type StoreOutcome = WriteOutcome & { readonly duplicate?: boolean }
type StoredOutcome = Extract<StoreOutcome, { readonly ok: true }>
type ConflictOutcome = Exclude<StoreOutcome, { readonly ok: true }>

/** What became of the only part. */
function resultOf(offered: readonly OfferedPart[], outcome: StoreOutcome): AppendResult {
  if (!outcome.ok) return conflictOf(offered, outcome)
  return appended(outcome.parts[0] as readonly StoredEvent[], outcome.duplicate)
}

function appended(events: readonly StoredEvent[], duplicate = false): Appended {
  const { version, position } = events.at(-1) as StoredEvent
  return { ok: true, version, position, events, duplicate }
}

function committed({ parts, duplicate = false }: StoredOutcome): Committed {
  const appends = parts.map((events) => appended(events, duplicate))
  const position = Math.max(...appends.map((append) => append.position))
  return { ok: true, position, appends, duplicate }
}

function conflictOf(
  offered: readonly OfferedPart[],
  { partIndex, currentVersion }: ConflictOutcome,
): Conflicted {
  const { actorId, expected } = offered[partIndex] as OfferedPart
  // The event of an explicit version expects to stand right in front of it, at the latest.
  const expectedVersion = typeof expected === 'object' ? expected.below - 1 : expected
  return { ok: false, conflict: { actorId, expectedVersion, currentVersion } }
}

function closed(): AetherError {
  return new AetherError('closed', 'the event store was closed')
}
