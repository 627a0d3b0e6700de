import { type ActorId, checkActorId, type StoredEvent } from '../../core/index.ts'
import type { KnownVersions } from '../append/known-versions.ts'
import type { CommitLog, VersionRange } from '../commit-log.ts'
import type { Collecting, ReadAllOptions, ReadOptions } from '../event-store.ts'
import type { Source } from './entry-iterator.ts'
import { checkFilter, eventFilter, isOpenFilter } from './log-filter.ts'
import { oneOf, readingOf, wholeNumber } from './reading.ts'

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
  ofActor(actorId: ActorId, options: ReadOptions | Collecting<ReadOptions>): Source | undefined {
    checkActorId(actorId)
    const first = wholeNumber('fromVersion', options.fromVersion ?? 1, 1)
    const last = wholeNumber('toVersion', options.toVersion ?? Infinity, 0)
    const direction = oneOf('direction', options.direction ?? 'forwards', directions)
    const reading = readingOf(options)
    if (last < first || reading.limit === 0) return undefined
    const { limit, signal } = reading
    const range = { first, last, direction, limit }
    return {
      reading,
      batches: () => this.#known.learnFrom(actorId, range, this.#log.read(actorId, range, signal)),
      whole: this.#wholeOf(actorId, range),
    }
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

  #wholeOf(actorId: ActorId, range: VersionRange): () => StoredEvent[] | undefined {
    return () => {
      const events = this.#log.eventsOf?.(actorId, range)
      if (events) this.#known.learnFromWhole(actorId, range, events)
      return events
    }
  }
}
