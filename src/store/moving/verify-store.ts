import {
  type ActorId,
  AetherError,
  isAetherError,
  MalformedEventError,
  messageOf,
  type StoredEvent,
} from '../../core/index.ts'
import { isTime } from '../append/event-time.ts'
import { SeenIds } from '../append/seen-ids.ts'
import type { AuditEntry, LogEntry, StorageDamage } from '../commit-log.ts'
import type { EventStore, ReadOptions } from '../event-store.ts'
import { chainHash, hashName } from '../hash-chain/hash-chain.ts'
import { wholeNumber } from '../reading/reading.ts'

/** From where on to verify, and who wants to know how far it got. */
export interface VerifyOptions {
  /** Only what stands behind this position. @default 0, the beginning */
  readonly after?: number
  /** Among how many ids, the last ones, one that comes twice is found at least. @default 1,000,000 */
  readonly rememberedIds?: number
  /** Called after every 1,000 events, and at the end. */
  readonly onProgress?: (report: VerifyReport) => void
  /** Ends it by throwing the signal's reason. */
  readonly signal?: AbortSignal
}

/** What was seen so far. */
export interface VerifyReport {
  readonly events: number
  /** How many of the events have a hash: see `hashChain` of a store. */
  readonly chained: number
  readonly actors: number
  readonly errors: number
  readonly warnings: number
  /** Of the last event: verifying goes on behind it. */
  readonly position: number
}

/** Something that isn't as a store writes it. */
export interface Finding {
  /**
   * - `malformed-event`: it can't be read
   * - `foreign-event`: it stands under what is no actor's id
   * - `position-order`, `version-order`: it isn't greater than the one before
   * - `repeated-id`: another event of the actor has the same id
   * - `invalid-time`: its time is none
   * - `hash-mismatch`: it, or the one before it, was changed, removed or put in
   * - `unchained-event`: it has no hash, and the one before it has one
   * - `trimmed-history`: the actor's events before it were removed by `trim`, here or where it comes from
   * - `torn-commit`, `removed-events`, `foreign-link`: as the backend says
   */
  readonly kind:
    | 'malformed-event'
    | 'foreign-event'
    | 'position-order'
    | 'version-order'
    | 'repeated-id'
    | 'invalid-time'
    | 'hash-mismatch'
    | 'unchained-event'
    | 'trimmed-history'
    | StorageDamage['kind']
  /** What may have come about in order is a warning. */
  readonly severity: 'error' | 'warning'
  readonly position: number
  readonly actorId?: ActorId
  readonly version?: number
  /** What is wrong, for people. */
  readonly message: string
}

const progressStep = 1_000

/**
 * Walks the whole log and gives what is wrong, as it finds it; at last it returns the report.
 * Remembers the newest version of each actor, some hundred bytes for each. Beginning where another
 * walk was cut off, it may tell a torn commit there again.
 */
export async function* verifyStore(
  store: EventStore,
  { after = 0, rememberedIds = 1_000_000, onProgress, signal }: VerifyOptions = {},
): AsyncGenerator<Finding, VerifyReport, undefined> {
  wholeNumber('rememberedIds', rememberedIds, 1)
  const walk = new LogWalk(store, after, new SeenIds(rememberedIds))
  let left = progressStep
  for await (const entry of store.audit({ after, ...(signal && { signal }) })) {
    yield* walk.next(entry)
    if (--left > 0) continue
    onProgress?.(walk.report)
    left = progressStep
  }
  onProgress?.(walk.report)
  return walk.report
}

/** What is known of an actor: its last event that went by. */
interface Head {
  readonly version: number
  readonly hash: string | undefined
  /** False where something in between can't be read: what comes next can't be compared. */
  readonly isCertain: boolean
  /** The events before it were removed, as the store allows. */
  readonly isTrimmed?: boolean
}

const noHead: Head = { version: 0, hash: undefined, isCertain: true }

/** One way through a log. */
class LogWalk {
  readonly #store: EventStore
  readonly #beginsInside: boolean
  readonly #ids: SeenIds
  readonly #heads = new Map<ActorId, Head>()
  #report: Omit<VerifyReport, 'actors'>

  constructor(store: EventStore, after: number, ids: SeenIds) {
    this.#store = store
    this.#beginsInside = after > 0
    this.#ids = ids
    this.#report = { events: 0, chained: 0, errors: 0, warnings: 0, position: after }
  }

  get report(): VerifyReport {
    return { ...this.#report, actors: this.#heads.size }
  }

  async *next(entry: AuditEntry): AsyncGenerator<Finding> {
    if ('kind' in entry) {
      yield this.#note({ severity: 'error', ...entry })
      return
    }
    for await (const finding of this.#check(entry)) yield this.#note(finding)
    const position = entry instanceof MalformedEventError ? entry.lastPosition : entry.position
    this.#report = { ...this.#report, position }
  }

  /** Counts a finding. */
  #note(finding: Finding): Finding {
    const { errors, warnings } = this.#report
    this.#report =
      finding.severity === 'error'
        ? { ...this.#report, errors: errors + 1 }
        : { ...this.#report, warnings: warnings + 1 }
    return finding
  }

  async *#check(entry: LogEntry): AsyncGenerator<Finding> {
    if (entry.position <= this.#report.position) {
      const message = `position ${entry.position} comes behind ${this.#report.position}`
      yield { kind: 'position-order', severity: 'error', position: entry.position, message }
    }
    if (entry instanceof MalformedEventError) yield this.#malformed(entry)
    else yield* this.#checkEvent(entry)
  }

  #malformed(error: MalformedEventError): Finding {
    const { position } = error
    const actorId = error.actorId as ActorId | undefined
    const message = messageOf(error.cause)
    if (!actorId) return { kind: 'foreign-event', severity: 'error', position, message }
    const head = this.#heads.get(actorId) ?? noHead
    this.#heads.set(actorId, { ...head, isCertain: false })
    return { kind: 'malformed-event', severity: 'error', position, actorId, message }
  }

  async *#checkEvent(event: StoredEvent): AsyncGenerator<Finding> {
    const { actorId, version, metadata } = event
    const before = (await this.#seenBefore(event)) ?? (await this.#headBefore(event))
    const hash = metadata[hashName]
    if (before.isTrimmed) yield trimmed(event)
    if (version <= before.version)
      yield found(event, 'version-order', `version ${version} comes behind ${before.version}`)
    if (!isTime(event.time))
      yield found(event, 'invalid-time', `${JSON.stringify(event.time)} is no time`)
    if (this.#ids.see(event)) yield* this.#checkId(event)
    yield* checkHash(event, before)
    this.#heads.set(actorId, { version, hash, isCertain: true })
    const { events, chained } = this.#report
    this.#report = {
      ...this.#report,
      events: events + 1,
      chained: hash === undefined ? chained : chained + 1,
    }
  }

  /** The actor's event that went by last; nothing where it was removed since, with what stood between the two. */
  async #seenBefore({ actorId, version }: StoredEvent): Promise<Head | undefined> {
    const seen = this.#heads.get(actorId)
    const isGap = seen?.isCertain && version > seen.version + 1
    if (!isGap || !this.#store.retention) return seen
    return (await this.#trimmedVersion(actorId)) > seen.version ? undefined : seen
  }

  /** What went by before the walk began. */
  async #headBefore({ actorId, version }: StoredEvent): Promise<Head> {
    if (version <= 1) return noHead
    const range = { toVersion: version - 1, direction: 'backwards', limit: 1 } as const
    for await (const entry of this.#beginsInside ? this.#read(actorId, range) : []) {
      if (entry instanceof AetherError) return { ...noHead, isCertain: false }
      return { version: entry.version, hash: entry.metadata[hashName], isCertain: true }
    }
    // The walk may have begun before they were removed.
    const isTrimmed = (await this.#trimmedVersion(actorId)) >= version - 1
    return isTrimmed ? { ...noHead, isCertain: false, isTrimmed } : noHead
  }

  /** 0 as well where what is left of the actor can't be read, which is told otherwise. */
  async #trimmedVersion(actorId: ActorId): Promise<number> {
    try {
      return await this.#store.trimmedVersion(actorId)
    } catch (thrown) {
      const isOfActor =
        isAetherError(thrown) && ['incompatible-store', 'malformed-event'].includes(thrown.code)
      if (isOfActor) return 0
      throw thrown
    }
  }

  /** Ends with an error where the actor can't be read further, for which the walk goes on. */
  async *#read(
    actorId: ActorId,
    range: Pick<ReadOptions, 'toVersion' | 'direction' | 'limit'>,
  ): AsyncGenerator<StoredEvent | AetherError> {
    try {
      yield* this.#store.read(actorId, { ...range, onMalformed: 'collect' })
    } catch (thrown) {
      if (!isAetherError(thrown) || thrown.code !== 'incompatible-store') throw thrown
      yield thrown
    }
  }

  /** Whether the id that was perhaps seen was. */
  async *#checkId(event: StoredEvent): AsyncGenerator<Finding> {
    const { actorId, id, position } = event
    for await (const other of this.#read(actorId, {})) {
      if (other instanceof AetherError || other.id !== id || other.position >= position) continue
      yield found(event, 'repeated-id', `the id ${id} stands at version ${other.version} as well`)
      return
    }
  }
}

function trimmed(event: StoredEvent): Finding {
  const message = `the events before version ${event.version} were removed as old ones`
  return { ...found(event, 'trimmed-history', message), severity: 'warning' }
}

function* checkHash(event: StoredEvent, before: Head): Generator<Finding> {
  const hash = event.metadata[hashName]
  if (hash === undefined) {
    if (before.hash === undefined) return
    const message = `it has no hash, and version ${before.version} before it has one`
    yield { ...found(event, 'unchained-event', message), severity: 'warning' }
    return
  }
  if (!before.isCertain || hash === chainHash(before.hash, event)) return
  const message = `its hash isn't that of its content behind version ${before.version}`
  yield found(event, 'hash-mismatch', message)
}

function found(
  { position, actorId, version }: StoredEvent,
  kind: Finding['kind'],
  message: string,
): Finding {
  return { kind, severity: 'error', position, actorId, version, message }
}
