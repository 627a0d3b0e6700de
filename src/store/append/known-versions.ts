import { type ActorId, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import type { LogEntry, VersionRange, WriteOutcome } from '../commit-log.ts'
import { RecentMap } from '../recent-map.ts'
import type { Commit, CommitPart } from './commit.ts'

/** The greatest version heard of. */
export interface Known {
  version: number
}

/**
 * The versions of the actors heard of last: of `capacity` actors at most, and of half as many at least. One
 * may be behind what others wrote, never ahead: as no version ever shrinks, the greatest one heard of is the
 * newest.
 */
export class KnownVersions {
  readonly #known: RecentMap<ActorId, Known>

  constructor(capacity: number) {
    this.#known = new RecentMap(capacity)
  }

  get(actorId: ActorId): number | undefined {
    return this.#known.get(actorId)?.version
  }

  /** What is known of an actor that is remembered, for who writes to it. */
  use(actorId: ActorId): Known | undefined {
    return this.#known.use(actorId)
  }

  /** @param known what {@link use} gave */
  learn(actorId: ActorId, version: number, known = this.#known.use(actorId)): void {
    if (!known) this.#known.add(actorId, { version })
    else if (known.version < version) known.version = version
  }

  /** @param known what {@link use} gave before the write, where the commit is of one actor */
  learnFromWrite({ parts }: Commit, outcome: WriteOutcome, known?: Known): void {
    if (outcome.ok) {
      for (const events of outcome.parts) {
        const newest = events.at(-1)
        if (newest) this.learn(newest.actorId, newest.version, known)
      }
      if (parts.length > 1) this.#learnGuarded(parts)
      return
    }
    const { actorId } = parts[outcome.partIndex] as CommitPart
    this.learn(actorId, outcome.currentVersion)
  }

  #learnGuarded(parts: readonly CommitPart[]): void {
    for (const { actorId, events, expected } of parts)
      if (events.length === 0 && typeof expected === 'number') this.learn(actorId, expected)
  }

  /** Passes on what is read of an actor, and learns where its events end if the read shows it. */
  async *learnFrom(
    actorId: ActorId,
    range: VersionRange,
    batches: AsyncIterable<readonly LogEntry[]>,
  ): AsyncGenerator<readonly LogEntry[]> {
    const { last, direction } = range
    let newest: LogEntry | undefined
    let count = 0
    for await (const batch of batches) {
      count += batch.length
      newest = direction === 'forwards' ? (batch.at(-1) ?? newest) : (newest ?? batch[0])
      // What came first is the newest, whether the reader goes on or not.
      if (direction === 'backwards' && last === Infinity) this.#learnNewest(actorId, newest)
      yield batch
    }
    this.#learnFromEnd(actorId, range, newest, count)
  }

  /**
   * The same from all that such a read gave.
   * @param known what {@link use} gave before it
   */
  learnFromWhole(
    actorId: ActorId,
    { first, last, limit, direction }: VersionRange,
    events: readonly StoredEvent[],
    known?: Known,
  ): void {
    const isForwards = direction === 'forwards'
    if (last !== Infinity || (isForwards && events.length >= limit)) return
    const newest = events[isForwards ? events.length - 1 : 0]
    if (newest) this.learn(actorId, newest.version, known)
    else if (first === 1) this.learn(actorId, 0)
  }

  #learnFromEnd(
    actorId: ActorId,
    { first, last, limit }: VersionRange,
    newest: LogEntry | undefined,
    count: number,
  ): void {
    // A log may stop at the limit by itself.
    if (last !== Infinity || count >= limit) return
    if (newest) this.#learnNewest(actorId, newest)
    else if (first === 1) this.learn(actorId, 0)
  }

  #learnNewest(actorId: ActorId, newest: LogEntry | undefined): void {
    if (!newest || newest instanceof MalformedEventError) return
    this.learn(actorId, newest.version)
  }
}
