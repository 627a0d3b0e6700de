import {
  AetherError,
  type ActorId,
  MalformedEventError,
  type StoredEvent,
} from '../../core/index.ts'
import type { VersionRange } from '../../store/index.ts'
import { type ActorHead, type ActorHeads, noHead } from './actor-heads.ts'
import type { CommitFeed } from './commit-feed.ts'
import { decodeCommit, type StoredCommit, type StoredMessage } from './commit-message.ts'
import type { EventSubjects } from './event-subjects.ts'
import { seekVersion } from './seek-version.ts'
import type { StreamLeader } from './stream-leader.ts'

/** How many commits are fetched at once. */
const batchSize = 500

export interface ActorReaderContext {
  readonly leader: StreamLeader
  readonly feed: CommitFeed
  readonly subjects: EventSubjects
  readonly heads: ActorHeads
}

/** Reads the events of one actor, and where it stands. */
export class ActorReader {
  readonly #context: ActorReaderContext

  constructor(context: ActorReaderContext) {
    this.#context = context
  }

  /**
   * Where the actor stands, as the leader knows.
   * @throws MalformedEventError; and what the leader throws.
   */
  async head(actorId: ActorId, signal?: AbortSignal): Promise<ActorHead> {
    const { leader, subjects, heads } = this.#context
    const message = await leader.last(subjects.of(actorId), signal)
    if (!message) return noHead
    // Read whole, so that nothing is ever written behind a commit that can't be read.
    const { sequence, lastVersion } = decodeCommit(message, subjects)
    const head = { sequence, version: lastVersion }
    heads.learn(actorId, head)
    return head
  }

  /**
   * Asks the leader for the newest commit, so that the end is known, and reads what lies before it
   * wherever that is quickest. An actor with no events or one commit costs one round trip.
   */
  async *read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredEvent[]> {
    const { leader, subjects, heads } = this.#context
    const message = await leader.last(subjects.of(actorId), signal)
    if (!message) return
    const newest = this.#decodeReadable(message)
    // Without a readable end, the way there ends at the commit that can't be read.
    const older = { first: range.first, last: Math.min(range.last, endOf(newest)) }
    if (older.first <= older.last) {
      const start = await this.#startOf(actorId, older.first, newest, signal)
      yield* this.#readBehind(start, actorId, older, signal)
    }
    if (!newest) return
    heads.learn(actorId, { sequence: newest.sequence, version: newest.lastVersion })
    yield within(range, newest.events)
  }

  /** Reads from a known commit on; the range must end before the newest one. */
  async *#readBehind(
    start: ActorHead,
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredEvent[]> {
    const { feed, subjects } = this.#context
    const subject = subjects.of(actorId)
    let at = start
    while (at.version < range.last) {
      const { sequence, version } = at
      // A commit has at least one event: so many commits can't reach beyond the range.
      const maxMessages = Math.min(batchSize, range.last - version)
      const commits = await feed.next(
        { fromSequence: sequence + 1, subject, maxMessages },
        (commit, previous) => commit.firstVersion === (previous?.lastVersion ?? version) + 1,
        signal,
      )
      at = behind(commits, at, actorId)
      yield within(
        range,
        commits.flatMap((commit) => commit.events),
      )
    }
  }

  /** A commit before the first version wanted: one that is remembered, or one that is sought. */
  async #startOf(
    actorId: ActorId,
    first: number,
    newest: StoredCommit | undefined,
    signal: AbortSignal | undefined,
  ): Promise<ActorHead> {
    const { leader, subjects, heads } = this.#context
    if (!newest) return noHead
    const known = heads.get(actorId)
    // What is remembered of a stream that was deleted since may lie behind the end of the new one.
    const isBefore = known && known.version < first && known.sequence < newest.sequence
    return seekVersion(first, isBefore ? known : noHead, newest, async (sequence) => {
      const message = await leader.next(subjects.of(actorId), sequence, signal)
      return message ? decodeCommit(message, subjects) : undefined
    })
  }

  #decodeReadable(message: StoredMessage): StoredCommit | undefined {
    try {
      return decodeCommit(message, this.#context.subjects)
    } catch (error) {
      if (error instanceof MalformedEventError) return undefined
      throw error
    }
  }
}

function endOf(newest: StoredCommit | undefined): number {
  return newest ? newest.firstVersion - 1 : Infinity
}

/** @throws AetherError `incompatible-store` where the leader itself has a gap. */
function behind(commits: readonly StoredCommit[], at: ActorHead, actorId: ActorId): ActorHead {
  const [first] = commits
  const last = commits.at(-1)
  if (first && last && first.firstVersion === at.version + 1)
    return { sequence: last.sequence, version: last.lastVersion }
  throw new AetherError(
    'incompatible-store',
    `the stream has lost version ${at.version + 1} of ${actorId}: it was trimmed or damaged`,
  )
}

function within(range: VersionRange, events: readonly StoredEvent[]): readonly StoredEvent[] {
  return events.filter(({ version }) => version >= range.first && version <= range.last)
}
