import { AetherError, encodeKey, type JsonValue, messageOf } from '../../../core/index.ts'
import type { Commit, CommitPart } from '../../../store/index.ts'

/** A commit on its way into a transaction. */
export interface WriteRequest {
  readonly commit: Commit
  readonly parts: readonly PartRequest[]
  /** How many rows all parts have together. */
  readonly rowCount: number
}

/** What the commit does to one actor. */
export interface PartRequest {
  readonly part: CommitPart
  /** The actor as its column spells it. */
  readonly actor: string
  /** One row for each event of the part. */
  readonly rows: readonly UnplacedRow[]
}

/** What is known of a row before its version and position are. */
type UnplacedRow = readonly [id: string, type: string, time: string, data: string, metadata: string]

/**
 * Writes the events down at once: what the caller changes while they wait is not stored.
 * @throws AetherError `too-large`
 */
export function writeRequest(commit: Commit): WriteRequest {
  const parts = commit.parts.map((part) => partRequest(part, commit.time))
  return { commit, parts, rowCount: parts.reduce((sum, { rows }) => sum + rows.length, 0) }
}

function partRequest(part: CommitPart, timeOfCommit: string): PartRequest {
  return {
    part,
    actor: encodeKey(part.actorId),
    rows: part.events.map(({ id, type, time, data, metadata }) => [
      id,
      type,
      time ?? timeOfCommit,
      textOf(data, part),
      JSON.stringify(metadata),
    ]),
  }
}

/** @throws AetherError `too-large` */
function textOf(data: JsonValue, { actorId }: CommitPart): string {
  try {
    return JSON.stringify(data)
  } catch (cause) {
    const message = `an event of ${actorId} is longer than a text of Node can be (${messageOf(cause)})`
    throw new AetherError('too-large', message, { cause })
  }
}
