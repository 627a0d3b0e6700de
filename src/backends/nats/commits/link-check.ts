import type { ActorId } from '../../../core/index.ts'
import type { StorageDamage } from '../../../store/index.ts'
import { isReadable, type ReadablePart, type StoredPart } from './commit-message.ts'
import { positionOf } from './event-position.ts'

/** A message that names another one as that before it than was seen there. */
export interface WrongLink {
  /** Of which actor it is, or which one it guards. */
  readonly actorId: ActorId
  /** The message that it names. */
  readonly expected: number
  readonly damage: StorageDamage
}

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

  next(part: StoredPart): WrongLink | undefined {
    const { sequence, previous } = part
    this.#first ??= sequence
    if (isReadable(part) && part.guarded !== undefined) return this.#nextGuard(part, part.guarded)
    const named = isReadable(part) ? part.events[0]?.actorId : part.error.actorId
    const actorId = named as ActorId | undefined
    if (actorId === undefined) return undefined
    const before = this.#newest.get(actorId)
    this.#newest.set(actorId, sequence)
    // One that doesn't say can't be read, which is told by others.
    if (previous === undefined || this.#isBehind(previous, before)) return undefined
    const message = `the message ${sequence} of ${actorId} was written behind ${previous}, and the actor's message before it is ${before ?? 'none'}`
    return { actorId, expected: previous, damage: foreignLink(sequence, message) }
  }

  #nextGuard({ sequence, previous }: ReadablePart, guarded: ActorId): WrongLink | undefined {
    const before = this.#newest.get(guarded)
    if (this.#isBehind(previous, before)) return undefined
    const message = `the commit with the message ${sequence} rests on ${previous} as the newest message of ${guarded}, which is ${before ?? 'none'} there`
    return { actorId: guarded, expected: previous, damage: foreignLink(sequence, message) }
  }

  /** Whether the actor's message `before`, as far as it was seen, is the one that was expected. */
  #isBehind(expected: number, before: number | undefined): boolean {
    if (before !== undefined) return expected === before
    return expected === 0 || this.#isTrimmed || expected < (this.#first ?? 0)
  }
}

function foreignLink(sequence: number, message: string): StorageDamage {
  return { kind: 'foreign-link', position: positionOf(sequence, 0), message }
}
