import type { ActorId } from '../../../core/index.ts'
import type { StorageDamage } from '../../../store/index.ts'
import { isReadable, type ReadablePart, type StoredPart } from './commit-message.ts'
import { positionOf } from './event-position.ts'

/**
 * Looks at the messages of a stream in their order, and tells those that weren't written behind the
 * message of their actor before them: they were made for another actor, or not by a store.
 */
export class LinkCheck {
  /** The newest message of each actor. */
  readonly #newest = new Map<string, number>()
  readonly #isTrimmed: boolean
  /** Where it began: what came before wasn't seen. */
  #first: number | undefined

  /** In a stream that `isTrimmed`, an actor's first message may have been written behind one that is gone. */
  constructor(isTrimmed: boolean) {
    this.#isTrimmed = isTrimmed
  }

  *next(part: StoredPart): Generator<StorageDamage> {
    const { sequence, previous } = part
    this.#first ??= sequence
    if (isReadable(part) && part.guarded !== undefined) {
      yield* this.#nextGuard(part, part.guarded)
      return
    }
    const actorId = isReadable(part) ? part.events[0]?.actorId : part.error.actorId
    if (actorId === undefined) return
    const before = this.#newest.get(actorId)
    this.#newest.set(actorId, sequence)
    // One that doesn't say can't be read, which is told by others.
    if (previous === undefined || this.#isBehind(previous, before)) return
    yield {
      kind: 'foreign-link',
      position: positionOf(sequence, 0),
      message: `the message ${sequence} of ${actorId} was written behind ${previous}, and the actor's message before it is ${before ?? 'none'}`,
    }
  }

  *#nextGuard({ sequence, previous }: ReadablePart, guarded: ActorId): Generator<StorageDamage> {
    const before = this.#newest.get(guarded)
    if (this.#isBehind(previous, before)) return
    yield {
      kind: 'foreign-link',
      position: positionOf(sequence, 0),
      message: `the commit with the message ${sequence} rests on ${previous} as the newest message of ${guarded}, which is ${before ?? 'none'} there`,
    }
  }

  /** Whether the actor's message `before`, as far as it was seen, is the one that was expected. */
  #isBehind(expected: number, before: number | undefined): boolean {
    if (before !== undefined) return expected === before
    return expected === 0 || this.#isTrimmed || expected < (this.#first ?? 0)
  }
}
