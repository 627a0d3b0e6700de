import { AetherError, type ActorId } from '../../../core/index.ts'
import type { LogEntry, VersionRange } from '../../../store/index.ts'
import {
  decodePart,
  entriesWithin,
  isReadable,
  type StoredPart,
} from '../commits/commit-message.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import type { ActorFloors, Place } from './actor-floors.ts'
import type { CommitFeed, Follows } from './commit-feed.ts'
import { seekVersion } from './seek-version.ts'
import type { StreamLeader } from './stream-leader.ts'

/** How many messages are fetched at once. */
const batchSize = 500

export interface ActorScanContext {
  readonly leader: StreamLeader
  readonly feed: CommitFeed
  readonly subjects: EventSubjects
  /** Given where old messages may be removed. */
  readonly floors: ActorFloors | undefined
}

/** What a scan is about. */
export interface Scan {
  readonly actorId: ActorId
  readonly range: VersionRange
  /** Where the actor's history begins. */
  readonly floor: Place
  /** Where it ends. */
  readonly newest: StoredPart
  readonly signal: AbortSignal | undefined
}

/** A part was written behind its actor's last message, which is where the read stands or before. */
const isNext: Follows = ({ previous }, before) => previous === undefined || previous <= before

/** Reads one actor by its subject: the server searches the stream for it, batch by batch. */
export class ActorScan {
  readonly #context: ActorScanContext

  constructor(context: ActorScanContext) {
    this.#context = context
  }

  /** Forwards, up to the newest message and no further. */
  async *read(scan: Scan): AsyncGenerator<readonly LogEntry[]> {
    for await (const parts of this.parts(scan)) yield entriesWithin(scan.range, parts)
  }

  /** {@link read}, with what stands around the events. */
  async *parts(scan: Scan): AsyncGenerator<readonly StoredPart[]> {
    const { actorId, range, newest, signal } = scan
    let place: Place = await this.#startOf(scan)
    while (place.sequence < newest.sequence && place.version < range.last) {
      const found =
        place.sequence === newest.previous
          ? [newest]
          : await this.#next(actorId, range, place, signal)
      const [first] = found
      if (!first || !isNext(first, place.sequence)) {
        await this.#context.floors?.explain(actorId, place.sequence + 1, signal)
        throw lost(actorId, place)
      }
      place = behind(found, place)
      yield found.filter((part) => part.sequence <= newest.sequence)
    }
  }

  #next(
    actorId: ActorId,
    { last, limit }: VersionRange,
    { sequence, version }: Place,
    signal: AbortSignal | undefined,
  ): Promise<readonly StoredPart[]> {
    const { feed, subjects } = this.#context
    // A part has at least one event: so many can't reach beyond the range.
    const maxMessages = Math.min(batchSize, last - version, limit)
    const request = { fromSequence: sequence + 1, subject: subjects.of(actorId), maxMessages }
    return feed.next(request, isNext, signal)
  }

  /** A place before the first version wanted. */
  async #startOf({ actorId, range, floor, newest, signal }: Scan): Promise<Place> {
    const { leader, subjects } = this.#context
    if (!isReadable(newest)) return floor
    return seekVersion(range.first, floor, newest, async (sequence) => {
      const message = await leader.next(subjects.of(actorId), sequence, signal)
      const part = message && decodePart(message, subjects)
      return part && isReadable(part) ? part : undefined
    })
  }
}

function behind(parts: readonly StoredPart[], place: Place): Place {
  const sequence = parts.at(-1)?.sequence ?? place.sequence
  const version = parts.findLast(isReadable)?.lastVersion ?? place.version
  return { sequence, version }
}

function lost(actorId: ActorId, { sequence, version }: Place): AetherError {
  return new AetherError(
    'incompatible-store',
    `the stream has lost what stood behind version ${version} of ${actorId}, after sequence ${sequence}: it was trimmed or damaged`,
  )
}
