import type { StorageDamage } from '../../../store/index.ts'
import { isReadable, type StoredPart } from './commit-message.ts'
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
    const actorId = isReadable(part) ? part.events[0]?.actorId : part.error.actorId
    if (actorId === undefined) return
    const expected = this.#newest.get(actorId)
    this.#newest.set(actorId, sequence)
    // One that doesn't say can't be read, which is told by others.
    if (previous === undefined || previous === expected) return
    if (expected === undefined && (this.#isTrimmed || previous < this.#first)) return
    yield {
      kind: 'foreign-link',
      position: positionOf(sequence, 0),
      message: `the message ${sequence} of ${actorId} was written behind ${previous}, and the actor's message before it is ${expected ?? 'none'}`,
    }
  }
}
