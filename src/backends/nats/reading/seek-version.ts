import type { ReadablePart } from '../commits/commit-message.ts'
import type { Place } from './actor-floors.ts'

/** What of a part is looked at. */
export type Landmark = Pick<ReadablePart, 'sequence' | 'firstVersion' | 'lastVersion'>

/** How many versions may be read for nothing before another question is worth its round trip. */
const tolerance = 64
const maxQuestions = 8

/** Gives the actor's first part at or behind a sequence. */
export type PartAt = (sequence: number) => Promise<Landmark | undefined>

/**
 * Finds a place shortly before a version from where to read on, as the stream has no index of
 * versions: guesses where it stands between two known parts, asks what is there, and guesses
 * again. How evenly an actor wrote decides how good the guesses are, never what is read.
 */
export async function seekVersion(
  version: number,
  start: Place,
  newest: Landmark,
  partAt: PartAt,
): Promise<Place> {
  let before = start
  let behind = { sequence: newest.sequence, version: newest.firstVersion }
  for (let questions = 0; questions < maxQuestions; questions++) {
    if (version - before.version <= tolerance) break
    const guess = sequenceOf(version - tolerance / 2, before, behind)
    const part = await partAt(guess)
    if (!part) break
    if (part.lastVersion < version) before = { sequence: part.sequence, version: part.lastVersion }
    else if (part.firstVersion > version) behind = { sequence: guess, version: part.firstVersion }
    else return { sequence: part.sequence - 1, version: part.firstVersion - 1 }
  }
  return before
}

/** Where the version would stand between the two, had the actor written evenly. */
function sequenceOf(version: number, before: Place, behind: Place): number {
  const share = (version - before.version) / (behind.version - before.version)
  return before.sequence + Math.max(1, Math.round(share * (behind.sequence - before.sequence)))
}
