import { type ActorId, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import type { LogEntry, VersionRange, WriteOutcome } from '../commit-log.ts'
import { RecentMap } from '../recent-map.ts'
import type { Commit, CommitPart } from './commit.ts'

/**
 * The versions of the actors heard of last. One may be behind what others wrote, never ahead: as no
 * version ever shrinks, the greatest one heard of is the newest.
 */
export class KnownVersions {
  readonly #versions: RecentMap<ActorId, number>

  constructor(capacity: number) {
    this.#versions = new RecentMap(capacity)
  }

  get(actorId: ActorId): number | undefined {
    return this.#versions.get(actorId)
  }

  learn(actorId: ActorId, version: number): void {
    const known = this.#versions.use(actorId)
    if (!known) this.#versions.add(actorId, version)
    else if (known.value < version) known.value = version
  }

  learnFromWrite({ parts }: Commit, outcome: WriteOutcome): void {
    if (outcome.ok) {
      for (const events of outcome.parts) {
        const { actorId, version } = events.at(-1) as StoredEvent
        this.learn(actorId, version)
      }
      return
    }
    const { actorId } = parts[outcome.partIndex] as CommitPart
    this.learn(actorId, outcome.currentVersion)
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

  /** The same from all that such a read gave. */
  learnFromWhole(actorId: ActorId, range: VersionRange, entries: readonly LogEntry[]): void {
    const { last, direction } = range
    const newest = direction === 'forwards' ? entries.at(-1) : entries[0]
    if (direction === 'backwards' && last === Infinity) this.#learnNewest(actorId, newest)
    this.#learnFromEnd(actorId, range, newest, entries.length)
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
