import { AetherError, type ActorId } from '../../../core/index.ts'
import {
  decodePart,
  isReadable,
  type StoredMessage,
  type StoredPart,
} from '../commits/commit-message.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import type { ActorFloors } from './actor-floors.ts'

/** How many messages are fetched at once. */
const maxBatch = 64
/** Fewer don't spare anything, and the first ones may lie before the range. */
const minBatch = 8
/** About how many bytes are fetched at once. */
const maxBatchBytes = 2 * 1024 * 1024

/** Perhaps less than there is: see ReplicaReader. */
export interface ReplicaMessages {
  at(
    sequences: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly (StoredMessage | undefined)[]>
}

/** All there is: see StreamLeader. */
export interface LeaderMessages {
  at(sequence: number, signal?: AbortSignal): Promise<StoredMessage | null>
}

export interface FetchHints {
  /** How many parts will be taken. */
  readonly limit: number
  /** About how large one is. */
  readonly partBytes: number
}

/** Reads an actor's parts by their sequences, which others name: see back-links.ts. */
export class BackLinkReader {
  readonly #replicas: ReplicaMessages
  readonly #leader: LeaderMessages
  readonly #subjects: EventSubjects
  readonly #floors: ActorFloors | undefined

  /** With `floors`, what isn't there may have been removed by right. */
  constructor(
    replicas: ReplicaMessages,
    leader: LeaderMessages,
    subjects: EventSubjects,
    floors?: ActorFloors,
  ) {
    this.#replicas = replicas
    this.#leader = leader
    this.#subjects = subjects
    this.#floors = floors
  }

  /** {@link all}, of one. */
  async at(actorId: ActorId, sequence: number, signal?: AbortSignal): Promise<StoredPart> {
    const [part] = await this.all(actorId, [sequence], signal)
    return part as StoredPart
  }

  /**
   * From any replica; from the leader what that doesn't have yet.
   * @throws AetherError `incompatible-store` where one is not the actor's; TrimmedMeanwhile; and what the
   * leader throws.
   */
  async all(
    actorId: ActorId,
    sequences: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly StoredPart[]> {
    const subject = this.#subjects.of(actorId)
    const found = await this.#replicas.at(sequences, signal)
    const messages = await Promise.all(
      sequences.map(async (sequence, i) => found[i] ?? this.#leader.at(sequence, signal)),
    )
    const lost = sequences.find((_, index) => messages[index]?.subject !== subject)
    if (lost !== undefined) {
      await this.#floors?.explain(actorId, lost, signal)
      throw new AetherError(
        'incompatible-store',
        `the stream has lost sequence ${lost}, a commit to ${actorId}: it was trimmed or damaged`,
      )
    }
    return messages.map((message) => decodePart(message as StoredMessage, this.#subjects))
  }

  /** In batches, in the order given. While one is taken, the next one is fetched. */
  async *inOrder(
    actorId: ActorId,
    sequences: readonly number[],
    { limit, partBytes }: FetchHints,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredPart[]> {
    const size = batchSizeFor(limit, partBytes)
    const fetch = (start: number): Promise<readonly StoredPart[]> =>
      this.all(actorId, sequences.slice(start, start + size), signal)
    let next = fetch(0)
    for (let start = 0; start < sequences.length; start += size) {
      const parts = await next
      next = fetch(start + size)
      next.catch(() => undefined) // nobody waits for it where the reader left
      yield parts
    }
  }
}

function batchSizeFor(limit: number, partBytes: number): number {
  const wanted = Math.min(maxBatch, Math.max(minBatch, limit))
  return Math.min(wanted, mostAtOnce(partBytes))
}

/** How many parts of about this size may be fetched at once: at least one. */
export function mostAtOnce(partBytes: number): number {
  return Math.max(1, Math.floor(maxBatchBytes / partBytes))
}

/** What the part names, oldest first: of the actor's messages before it; undefined: it can't be told. */
export function linksOf(part: StoredPart): readonly number[] | undefined {
  if (isReadable(part)) return part.links
  if (part.previous === undefined) return undefined
  return part.previous === 0 ? [] : [part.previous]
}
