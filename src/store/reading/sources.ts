import { type ActorId, checkActorId, type StoredEvent } from '../../core/index.ts'
import type { KnownVersions } from '../append/known-versions.ts'
import type { CommitLog, LogEntry, VersionRange } from '../commit-log.ts'
import type { Collecting, ReadAllOptions, ReadOptions } from '../event-store.ts'
import { storeClosed } from '../store-closed.ts'
import type { Source } from './entry-iterator.ts'
import { checkFilter, eventFilter, isOpenFilter } from './log-filter.ts'
import { oneOf, type Reading, readingOf, wholeNumber } from './reading.ts'

/** How the events of one actor are read. */
export type ActorReadOptions = ReadOptions | Collecting<ReadOptions>

const directions = ['forwards', 'backwards'] as const

/**
 * Where what is wanted of a log comes from, once the options were looked at; undefined where they want nothing. What
 * is read of an actor on the way is known from then on.
 */
export class Sources {
  readonly #log: CommitLog
  readonly #known: KnownVersions
  #isClosed = false

  constructor(log: CommitLog, known: KnownVersions) {
    this.#log = log
    this.#known = known
  }

  /** From now on nothing begins to be read. */
  close(): void {
    this.#isClosed = true
  }

  /** @throws AetherError `closed`, `invalid-actor-id`, `invalid-argument` */
  ofActor(actorId: ActorId, options: ActorReadOptions): Source | undefined {
    if (this.#isClosed) throw storeClosed()
    checkActorId(actorId)
    const reading = readingOf(options)
    const range = rangeOf(options, reading)
    if (isEmpty(range)) return undefined
    const batches = (): AsyncIterable<readonly LogEntry[]> =>
      this.#known.learnFrom(actorId, range, this.#log.read(actorId, range, reading.signal))
    return { reading, batches }
  }

  /**
   * All that {@link ofActor} would give, if it can be had at once.
   * @throws AetherError as that; and the reason of a signal that was given
   */
  wholeOf(actorId: ActorId, options?: ActorReadOptions): StoredEvent[] | undefined {
    if (this.#isClosed) throw storeClosed()
    // An id that is remembered was looked at before.
    const known = this.#known.use(actorId)
    if (!known) checkActorId(actorId)
    const range = options ? wantedOf(options) : wholeRange
    if (!range) return []
    const found = this.#log.eventsOf?.(actorId, range)
    if (!found) return undefined
    const { events, latestVersion } = found
    if (latestVersion === undefined) this.#known.learnFromWhole(actorId, range, events, known)
    else this.#known.learn(actorId, latestVersion, known)
    return events
  }

  /** @throws AetherError `closed`, `invalid-argument` */
  ofAll(options: ReadAllOptions | Collecting<ReadAllOptions>): Source | undefined {
    if (this.#isClosed) throw storeClosed()
    const after = wholeNumber('after', options.after ?? 0, 0)
    const { filter = {} } = options
    checkFilter(filter)
    const every = readingOf(options)
    const reading = isOpenFilter(filter) ? every : { ...every, passes: eventFilter(filter) }
    if (reading.limit === 0) return undefined
    const { limit, signal } = reading
    return { reading, batches: () => this.#log.readAll({ after, limit, filter }, signal) }
  }
}

/**
 * Undefined where nothing is wanted.
 * @throws AetherError `invalid-argument`; and the reason of a signal that was given
 */
function wantedOf(options: ActorReadOptions): VersionRange | undefined {
  const range = rangeOf(options, readingOf(options))
  options.signal?.throwIfAborted()
  return isEmpty(range) ? undefined : range
}

function isEmpty({ first, last, limit }: VersionRange): boolean {
  return last < first || limit === 0
}

/** @throws AetherError `invalid-argument` */
function rangeOf(options: ActorReadOptions, { limit }: Reading): VersionRange {
  const first = wholeNumber('fromVersion', options.fromVersion ?? 1, 1)
  const last = wholeNumber('toVersion', options.toVersion ?? Infinity, 0)
  const direction = oneOf('direction', options.direction ?? 'forwards', directions)
  return { first, last, direction, limit }
}

const wholeRange = rangeOf({}, readingOf({}))
