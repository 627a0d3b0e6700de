import type { LogEntry, LogFilter, LogRange } from '../../store/index.ts'
import type { CommitFeed, Follows } from './commit-feed.ts'
import { entriesOf } from './commit-message.ts'
import { sequenceAt } from './event-position.ts'
import type { EventSubjects } from './event-subjects.ts'
import type { StreamLeader } from './stream-leader.ts'

/** How many messages are fetched at once. */
const batchSize = 1_000

/** In the whole stream, nothing may be missing. */
const isNext: Follows = (part, before) => part.sequence === before + 1
/** Among messages of some subjects it can't be told: what a replica knows has no holes. */
const isAnywhere: Follows = () => true

/** Reads the events of all actors, in the order of the stream. */
export class LogReader {
  readonly #leader: StreamLeader
  readonly #feed: CommitFeed
  readonly #subjects: EventSubjects

  constructor(leader: StreamLeader, feed: CommitFeed, subjects: EventSubjects) {
    this.#leader = leader
    this.#feed = feed
    this.#subjects = subjects
  }

  /** Ends with what was acknowledged when it began. */
  async *read(
    { after, limit, filter }: LogRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    const end = await this.#leader.lastSequence(signal)
    const subject = this.#subjectOf(filter)
    const follows = subject === this.#subjects.all ? isNext : isAnywhere
    const most = passesWhole(filter) ? Math.min(limit, batchSize) : batchSize
    // The next event may stand in the same message as the one at `after`.
    let sequence = Math.max(0, sequenceAt(after + 1) - 1)
    while (sequence < end) {
      const maxMessages = Math.min(most, end - sequence)
      const request = { fromSequence: sequence + 1, subject, maxMessages }
      const parts = await this.#feed.next(request, follows, signal)
      sequence = parts.at(-1)?.sequence ?? end
      const entries = entriesOf(parts.filter((part) => part.sequence <= end))
      yield entries.filter((entry) => entry.position > after)
    }
  }

  /** A request takes one pattern: of several types, the one of all. */
  #subjectOf({ actorTypes: [type, ...others] = [] }: LogFilter): string {
    return type === undefined || others.length > 0
      ? this.#subjects.all
      : this.#subjects.ofType(type)
  }
}

/** Whether all that the server gives passes the filter, so that a limit holds there as well. */
function passesWhole({ actorTypes = [], key, eventTypes }: LogFilter): boolean {
  return actorTypes.length <= 1 && key === undefined && eventTypes === undefined
}
