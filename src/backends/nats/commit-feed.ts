import { decodeCommit, type StoredCommit, type StoredMessage } from './commit-message.ts'
import type { EventSubjects } from './event-subjects.ts'
import type { BatchRequest } from './replica-reader.ts'

/** Tells whether nothing is missing before this commit. */
type Follows = (commit: StoredCommit, previous: StoredCommit | undefined) => boolean

/** Perhaps less than there is: see ReplicaReader. */
export interface ReplicaAnswers {
  fetch(request: BatchRequest, signal?: AbortSignal): Promise<readonly StoredMessage[]>
}

/** All there is, one by one: see StreamLeader. */
export interface LeaderAnswers {
  next(subject: string, fromSequence: number, signal?: AbortSignal): Promise<StoredMessage | null>
}

/** Fetches runs of commits without gaps: quickly from a replica, and where it lags, from the leader. */
export class CommitFeed {
  readonly #replicas: ReplicaAnswers
  readonly #leader: LeaderAnswers
  readonly #subjects: EventSubjects

  constructor(replicas: ReplicaAnswers, leader: LeaderAnswers, subjects: EventSubjects) {
    this.#replicas = replicas
    this.#leader = leader
    this.#subjects = subjects
  }

  /**
   * The next commits in order, at least one unless there is none. Only the leader's word can be a
   * commit that doesn't follow: then something is missing in the stream itself.
   * @throws MalformedEventError for the first one; and what the leader throws.
   */
  async next(
    request: BatchRequest,
    follows: Follows,
    signal?: AbortSignal,
  ): Promise<readonly StoredCommit[]> {
    const run = this.#runOf(await this.#replicas.fetch(request, signal), follows)
    if (run.length > 0) return run
    const message = await this.#leader.next(request.subject, request.fromSequence, signal)
    return message ? [decodeCommit(message, this.#subjects)] : []
  }

  /** Ends before a gap, and before what can't be read: so that all before it is handed over first. */
  #runOf(messages: readonly StoredMessage[], follows: Follows): StoredCommit[] {
    const run: StoredCommit[] = []
    for (const message of messages) {
      try {
        const commit = decodeCommit(message, this.#subjects)
        if (!follows(commit, run.at(-1))) break
        run.push(commit)
      } catch (error) {
        if (run.length === 0) throw error
        break
      }
    }
    return run
  }
}
