import type { TakeMessage } from '../commits/batch-answers.ts'
import { decodePart, type StoredMessage, type StoredPart } from '../commits/commit-message.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import type { BatchRequest } from './replica-reader.ts'

/** Tells whether nothing is missing between this part and the sequence before it. */
export type Follows = (part: StoredPart, before: number) => boolean

/** Perhaps less than there is: see ReplicaReader. */
export interface ReplicaAnswers {
  fetch(request: BatchRequest, take: TakeMessage, signal?: AbortSignal): Promise<void>
}

/** All there is, one by one, and knows what was seen: see StreamLeader. */
export interface LeaderAnswers {
  learn(sequence: number, data: Uint8Array): void
  next(subject: string, fromSequence: number, signal?: AbortSignal): Promise<StoredMessage | null>
}

/** Fetches runs without gaps: quickly from a replica, and where it lags, from the leader. */
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
   * What is next, in order: at least one unless there is none. Only the leader's word can be a part
   * that doesn't follow: then something is missing in the stream itself.
   * @throws what the leader throws.
   */
  async next(
    request: BatchRequest,
    follows: Follows,
    signal?: AbortSignal,
  ): Promise<readonly StoredPart[]> {
    const run: StoredPart[] = []
    let last: StoredMessage | undefined
    // Decoded as it arrives, while the server sends what follows.
    const take: TakeMessage = (message) => {
      const part = decodePart(message, this.#subjects)
      const isNext = follows(part, run.at(-1)?.sequence ?? request.fromSequence - 1)
      if (isNext) {
        run.push(part)
        last = message
      }
      return isNext
    }
    await this.#replicas.fetch(request, take, signal)
    if (last) this.#leader.learn(last.seq, last.data)
    if (run.length > 0) return run
    const { subject = this.#subjects.all, fromSequence } = request
    const message = await this.#leader.next(subject, fromSequence, signal)
    return message ? [decodePart(message, this.#subjects)] : []
  }
}
