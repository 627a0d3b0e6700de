import type { ActorId } from '../../../core/index.ts'
import { decodePart, isReadable, type StoredPart } from '../commits/commit-message.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import { type ActorHead, noHead } from './actor-heads.ts'
import type { StreamLeader } from './stream-leader.ts'

/** A place in an actor's history: behind its message with this sequence, at this version. */
export type Place = Pick<ActorHead, 'sequence' | 'version'>

/** What a read was to give next was trimmed meanwhile: what is left is to be read anew. */
export class TrimmedMeanwhile extends Error {}

/**
 * Where the histories of actors begin, in a stream from which old messages may be removed. That some
 * were is told by the oldest one that is left: it was written behind another.
 */
export class ActorFloors {
  readonly #leader: Pick<StreamLeader, 'next'>
  readonly #subjects: EventSubjects

  constructor(leader: Pick<StreamLeader, 'next'>, subjects: EventSubjects) {
    this.#leader = leader
    this.#subjects = subjects
  }

  /** The place before the actor's oldest message. */
  async of(actorId: ActorId, signal: AbortSignal | undefined): Promise<Place> {
    const oldest = await this.#oldest(actorId, signal)
    if (!oldest) return noHead
    const version = isReadable(oldest) ? oldest.firstVersion - 1 : 0
    return { sequence: oldest.sequence - 1, version }
  }

  /**
   * The version before the oldest event, where others were removed; otherwise 0.
   * @throws MalformedEventError
   */
  async trimmedVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    const oldest = await this.#oldest(actorId, signal)
    if (!oldest || oldest.previous === 0) return 0
    if (!isReadable(oldest)) throw oldest.error
    return oldest.firstVersion - 1
  }

  /** @throws TrimmedMeanwhile where the actor's message with this sequence, or before, is gone by right. */
  async explain(
    actorId: ActorId,
    sequence: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const floor = await this.of(actorId, signal)
    if (sequence <= floor.sequence) throw new TrimmedMeanwhile()
  }

  async #oldest(
    actorId: ActorId,
    signal: AbortSignal | undefined,
  ): Promise<StoredPart | undefined> {
    const message = await this.#leader.next(this.#subjects.of(actorId), 1, signal)
    return message ? decodePart(message, this.#subjects) : undefined
  }
}
