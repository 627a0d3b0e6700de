import { type ActorId, MalformedEventError } from '../../../core/index.ts'
import type { LogRetention } from '../../../store/index.ts'
import { sequenceAt } from '../commits/event-position.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import type { ActorFloors } from '../reading/actor-floors.ts'
import type { ActorReader } from '../reading/actor-reader.ts'
import type { StreamLeader } from '../reading/stream-leader.ts'

export interface ActorTrimmingContext {
  readonly keepForMs: number
  readonly actors: ActorReader
  readonly floors: ActorFloors
  readonly leader: StreamLeader
  readonly subjects: EventSubjects
}

/** Which of an actor's messages are to go. */
interface Cut {
  /** The oldest that stays. */
  readonly firstKept: number
  /** How many events are in those before it. */
  readonly events: number
}

const everything = { first: 1, last: Infinity, direction: 'forwards', limit: Infinity } as const

/** Removes the oldest messages of actors from a stream that allows it. */
export class ActorTrimming implements LogRetention {
  readonly keepForMs: number
  readonly #context: ActorTrimmingContext

  constructor(context: ActorTrimmingContext) {
    this.keepForMs = context.keepForMs
    this.#context = context
  }

  /**
   * One request of the server's removes all, or none. It names the oldest message that stays, so that
   * it can be repeated, and the newest is never among those that go.
   */
  async trim(
    actorId: ActorId,
    toVersion: number,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const { leader, subjects } = this.#context
    const { firstKept, events } = await this.#cut(actorId, toVersion, signal)
    if (events > 0) await leader.removeBefore(subjects.of(actorId), firstKept, signal)
    return events
  }

  /** What commits demanded held when they were stored: where events may go, nobody holds it against them again. */
  async tidy(signal: AbortSignal | undefined): Promise<void> {
    const { leader, subjects } = this.#context
    const end = await leader.lastSequence(signal)
    await leader.removeBefore(subjects.guards, end, signal)
  }

  trimmedVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    return this.#context.floors.trimmedVersion(actorId, signal)
  }

  /** A message stays whole: with the first event that stays, all that are in its message. */
  async #cut(actorId: ActorId, toVersion: number, signal: AbortSignal | undefined): Promise<Cut> {
    const { actors } = this.#context
    const newest = await this.#newestOf(actorId, signal)
    let cut: Cut = { firstKept: 0, events: 0 }
    let seen = 0
    for await (const entries of actors.read(actorId, everything, signal)) {
      for (const entry of entries) {
        const sequence = sequenceAt(entry.position)
        if (sequence !== cut.firstKept) cut = { firstKept: sequence, events: seen }
        const stays = entry instanceof MalformedEventError || entry.version > toVersion
        if (stays || sequence >= newest) return cut
        seen++
      }
    }
    return { firstKept: 0, events: 0 }
  }

  /** Where the newest can't be read, the first: all stays of an actor that would be left without a version. */
  async #newestOf(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    try {
      return (await this.#context.actors.head(actorId, signal)).sequence
    } catch (error) {
      if (error instanceof MalformedEventError) return 0
      throw error
    }
  }
}
