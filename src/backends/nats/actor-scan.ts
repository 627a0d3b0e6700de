import { AetherError, type ActorId } from '../../core/index.ts'
import type { LogEntry, VersionRange } from '../../store/index.ts'
import { type ActorHead, noHead } from './actor-heads.ts'
import type { CommitFeed, Follows } from './commit-feed.ts'
import { decodePart, entriesWithin, isReadable, type StoredPart } from './commit-message.ts'
import type { EventSubjects } from './event-subjects.ts'
import { seekVersion } from './seek-version.ts'
import type { StreamLeader } from './stream-leader.ts'

/** How many messages are fetched at once. */
const batchSize = 500

/** A place in an actor's history: behind its message with this sequence, at this version. */
export type Place = Pick<ActorHead, 'sequence' | 'version'>

export interface ActorScanContext {
  readonly leader: StreamLeader
  readonly feed: CommitFeed
  readonly subjects: EventSubjects
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
  async *read(
    actorId: ActorId,
    range: VersionRange,
    newest: StoredPart,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    for await (const parts of this.parts(actorId, range, newest, signal))
      yield entriesWithin(range, parts)
  }

  /** {@link read}, with what stands around the events. */
  async *parts(
    actorId: ActorId,
    range: VersionRange,
    newest: StoredPart,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredPart[]> {
    let place: Place = await this.#startOf(actorId, range.first, newest, signal)
    while (place.sequence < newest.sequence && place.version < range.last) {
      const found =
        place.sequence === newest.previous
          ? [newest]
          : await this.#next(actorId, range, place, signal)
      place = behind(found, place, actorId)
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
  async #startOf(
    actorId: ActorId,
    first: number,
    newest: StoredPart,
    signal: AbortSignal | undefined,
  ): Promise<Place> {
    const { leader, subjects } = this.#context
    if (!isReadable(newest)) return noHead
    return seekVersion(first, noHead, newest, async (sequence) => {
      const message = await leader.next(subjects.of(actorId), sequence, signal)
      const part = message && decodePart(message, subjects)
      return part && isReadable(part) ? part : undefined
    })
  }
}

/** @throws AetherError `incompatible-store` where the leader itself has a gap. */
function behind(parts: readonly StoredPart[], place: Place, actorId: ActorId): Place {
  const [first] = parts
  const last = parts.at(-1)
  if (!first || !last || !isNext(first, place.sequence)) throw lost(actorId, place)
  const version = parts.findLast(isReadable)?.lastVersion ?? place.version
  return { sequence: last.sequence, version }
}

function lost(actorId: ActorId, { sequence, version }: Place): AetherError {
  return new AetherError(
    'incompatible-store',
    `the stream has lost what stood behind version ${version} of ${actorId}, after sequence ${sequence}: it was trimmed or damaged`,
  )
}
