import type { ActorHead } from './actor-heads.ts'
import type { StoredCommit } from './commit-message.ts'

/** How many versions may be read for nothing before another question is worth its round trip. */
const tolerance = 64
const maxQuestions = 8

/** Gives the actor's first commit at or behind a sequence. */
export type CommitAt = (sequence: number) => Promise<StoredCommit | undefined>

/**
 * Finds a place shortly before a version from where to read on, as the stream has no index of
 * versions: guesses where it stands between two known commits, asks what is there, and guesses
 * again. How evenly an actor wrote decides how good the guesses are, never what is read.
 */
export async function seekVersion(
  version: number,
  start: ActorHead,
  newest: StoredCommit,
  commitAt: CommitAt,
): Promise<ActorHead> {
  let before = start
  let behind = { sequence: newest.sequence, version: newest.firstVersion }
  for (let questions = 0; questions < maxQuestions; questions++) {
    if (version - before.version <= tolerance) break
    const guess = sequenceOf(version - tolerance / 2, before, behind)
    const commit = await commitAt(guess)
    if (!commit) break
    if (commit.lastVersion < version)
      before = { sequence: commit.sequence, version: commit.lastVersion }
    else if (commit.firstVersion > version)
      behind = { sequence: guess, version: commit.firstVersion }
    else return { sequence: commit.sequence - 1, version: commit.firstVersion - 1 }
  }
  return before
}

/** Where the version would stand between the two, had the actor written evenly. */
function sequenceOf(version: number, before: ActorHead, behind: ActorHead): number {
  const share = (version - before.version) / (behind.version - before.version)
  return before.sequence + Math.max(1, Math.round(share * (behind.sequence - before.sequence)))
}
