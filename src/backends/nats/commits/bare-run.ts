import type { ActorId } from '../../../core/index.ts'
import {
  isReadable,
  parseBody,
  placeBody,
  type ReadablePart,
  type StoredPart,
} from './commit-message.ts'

/** Where messages of one actor stand, as others tell. */
export interface RunPlace {
  readonly actorId: ActorId
  /** The message before them. */
  readonly behind: StoredPart
  /** Each that of the actor's next message. */
  readonly sequences: readonly number[]
}

/**
 * The messages with these bodies, which came without their headers and in any order. What those would
 * say is known otherwise, but for which body is whose: that is told by their versions, as each is to
 * begin with the version behind the last one's. Undefined where this doesn't hold, or one is missing or
 * can't be read.
 */
export function decodeRun(
  bodies: readonly Uint8Array[],
  { actorId, behind, sequences }: RunPlace,
): readonly ReadablePart[] | undefined {
  if (bodies.length !== sequences.length || !isReadable(behind)) return undefined
  try {
    const inOrder = bodies.map(parseBody).toSorted((a, b) => a.firstVersion - b.firstVersion)
    let last = behind
    return inOrder.map((body, index) => {
      if (body.firstVersion !== last.lastVersion + 1) throw new TypeError('it is not the next')
      last = placeBody(body, actorId, sequences[index] as number, last.sequence)
      return last
    })
  } catch {
    return undefined
  }
}
