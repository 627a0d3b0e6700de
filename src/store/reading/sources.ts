import { type ActorId, checkActorId, type StoredEvent } from '../../core/index.ts'
import type { Known, KnownVersions } from '../append/known-versions.ts'
import type { CommitLog, LogEntry, VersionRange } from '../commit-log.ts'
import type { Collecting, ReadAllOptions, ReadOptions } from '../event-store.ts'
import type { Source } from './entry-iterator.ts'
import { checkFilter, eventFilter, isOpenFilter } from './log-filter.ts'
import { oneOf, type Reading, readingOf, wholeNumber } from './reading.ts'

const directions = ['forwards', 'backwards'] as const

/**
 * Where what is wanted of a log comes from, once the options were looked at; undefined where they want nothing. What
 * is read of an actor on the way is known from then on.
 */
export class Sources {
  readonly #log: CommitLog
  readonly #known: KnownVersions

  constructor(log: CommitLog, known: KnownVersions) {
    this.#log = log
    this.#known = known
  }

  /** @throws AetherError `invalid-actor-id`, `invalid-argument` */
  ofActor(actorId: ActorId, options?: ReadOptions | Collecting<ReadOptions>): Source | undefined {
    // An id that is remembered was looked at before.
    const known = this.#known.use(actorId)
    if (!known) checkActorId(actorId)
    const reading = options ? readingOf(options) : wholeReading
    const range = options ? rangeOf(options, reading) : wholeRange
    if (range.last < range.first || range.limit === 0) return undefined
    return new ActorSource({
      actorId,
      reading,
      range,
      log: this.#log,
      knownVersions: this.#known,
      known,
    })
  }

  /** @throws AetherError `invalid-argument` */
  ofAll(options: ReadAllOptions | Collecting<ReadAllOptions>): Source | undefined {
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

interface ActorSourceContext {
  readonly actorId: ActorId
  readonly reading: Reading
  readonly range: VersionRange
  readonly log: CommitLog
  readonly knownVersions: KnownVersions
  /** What was known of the actor when the read began. */
  readonly known: Known | undefined
}

/** One actor's events: a read of all of them at once is made of little else. */
class ActorSource implements Source {
  readonly #context: ActorSourceContext

  constructor(context: ActorSourceContext) {
    this.#context = context
  }

  get reading(): Reading {
    return this.#context.reading
  }

  batches(): AsyncIterable<readonly LogEntry[]> {
    const { actorId, reading, range, log, knownVersions } = this.#context
    return knownVersions.learnFrom(actorId, range, log.read(actorId, range, reading.signal))
  }

  whole(): StoredEvent[] | undefined {
    const { actorId, range, log, knownVersions, known } = this.#context
    const events = log.eventsOf?.(actorId, range)
    if (events) knownVersions.learnFromWhole(actorId, range, events, known)
    return events
  }
}

/** @throws AetherError `invalid-argument` */
function rangeOf(options: ReadOptions | Collecting<ReadOptions>, { limit }: Reading): VersionRange {
  const first = wholeNumber('fromVersion', options.fromVersion ?? 1, 1)
  const last = wholeNumber('toVersion', options.toVersion ?? Infinity, 0)
  const direction = oneOf('direction', options.direction ?? 'forwards', directions)
  return { first, last, direction, limit }
}

const wholeReading = readingOf({})
const wholeRange = rangeOf({}, wholeReading)
