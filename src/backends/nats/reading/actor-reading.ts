import type { ActorId } from '../../../core/index.ts'
import type { VersionRange } from '../../../store/index.ts'
import { isReadable, type StoredPart } from '../commits/commit-message.ts'
import type { Place } from './actor-floors.ts'
import type { Ahead, FetchHints } from './back-link-reader.ts'

/** What one read of an actor is about. */
export interface ActorReading {
  readonly actorId: ActorId
  readonly range: VersionRange
  readonly newest: StoredPart
  readonly hints: FetchHints
  /** What was asked for at the same time as the newest message. */
  readonly ahead: Ahead | undefined
  /** What was known then to lie before the newest message, from the first one asked for on. */
  readonly chain: readonly number[] | undefined
  /** Where the actor's history begins; asked for only by who goes beyond the newest message. */
  readonly floor: () => Promise<Place>
  readonly signal: AbortSignal | undefined
}

/** What is still there of the messages that another names. */
export function keptOf(sequences: readonly number[], floor: Place): readonly number[] {
  return floor.sequence === 0 ? sequences : sequences.filter((each) => each > floor.sequence)
}

/** How many versions lie between the two, where the part can be read. */
export function versionsBefore(part: StoredPart, first: number, otherwise: number): number {
  return isReadable(part) ? part.firstVersion - first : otherwise
}
