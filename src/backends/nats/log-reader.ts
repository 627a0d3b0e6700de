import type { StoredEvent } from '../../core/index.ts'
import type { CommitFeed } from './commit-feed.ts'
import { sequenceAt } from './event-position.ts'
import type { StreamLeader } from './stream-leader.ts'

/** How many commits are fetched at once. */
const batchSize = 1_000

/** Reads the events of all actors, in the order of the stream. */
export class LogReader {
  readonly #leader: StreamLeader
  readonly #feed: CommitFeed
  readonly #pattern: string

  constructor(leader: StreamLeader, feed: CommitFeed, pattern: string) {
    this.#leader = leader
    this.#feed = feed
    this.#pattern = pattern
  }

  /** Ends with what was acknowledged when it began. */
  async *read(
    after: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredEvent[]> {
    const end = await this.#leader.lastSequence(signal)
    // The next event may stand in the same commit as the one at `after`.
    let sequence = Math.max(0, sequenceAt(after + 1) - 1)
    while (sequence < end) {
      const start = sequence
      const maxMessages = Math.min(limit, batchSize, end - start)
      const commits = await this.#feed.next(
        { fromSequence: start + 1, subject: this.#pattern, maxMessages },
        (commit, previous) => commit.sequence === (previous?.sequence ?? start) + 1,
        signal,
      )
      sequence = commits.at(-1)?.sequence ?? end
      const events = commits.flatMap((commit) => commit.events)
      yield events.filter((event) => event.position > after)
    }
  }
}
