import { encodeKey } from '../../core/index.ts'
import type { Commit, ExpectedVersion } from '../../store/index.ts'

/** A commit on its way into a transaction. */
export interface WriteRequest {
  readonly commit: Commit
  readonly expectedVersion: ExpectedVersion
  /** The actor as its column spells it. */
  readonly actor: string
  /** One row for each event of the commit. */
  readonly rows: readonly UnplacedRow[]
}

/** What is known of a row before its version and position are. */
type UnplacedRow = readonly [id: string, type: string, time: string, data: string, metadata: string]

/** Writes the events down at once: what the caller changes while they wait is not stored. */
export function writeRequest(commit: Commit, expectedVersion: ExpectedVersion): WriteRequest {
  return {
    commit,
    expectedVersion,
    actor: encodeKey(commit.actorId),
    rows: commit.events.map(({ id, type, data, metadata }) => [
      id,
      type,
      commit.time,
      JSON.stringify(data),
      JSON.stringify(metadata),
    ]),
  }
}
