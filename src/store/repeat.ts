import { isDeepStrictEqual } from 'node:util'
import { AetherError, type StoredEvent } from '../core/index.ts'
import type { CommitLog, VersionRange } from './commit-log.ts'
import type { Commit } from './commit.ts'

/**
 * What was stored when this commit was offered before, if it was, within the range.
 * @throws AetherError `id-reused` where an id stands there with other content.
 */
export async function findRepeat(
  log: CommitLog,
  commit: Commit,
  range: VersionRange,
): Promise<readonly StoredEvent[] | undefined> {
  if (range.last < range.first) return undefined
  const offered = new Map(commit.events.map((event) => [event.id, event]))
  const found: StoredEvent[] = []
  for await (const batch of log.read(commit.actorId, range, undefined)) {
    for (const stored of batch) {
      const event = offered.get(stored.id)
      if (!event) continue
      if (stored.type !== event.type || !isDeepStrictEqual(stored.data, event.data))
        throw reused(stored)
      found.push(stored)
    }
  }
  if (found.length === 0) return undefined
  const isWhole =
    found.length === commit.events.length &&
    found.every((event, i) => event.id === commit.events[i]?.id)
  if (!isWhole) throw reused(found[0] as StoredEvent)
  return found
}

function reused(stored: StoredEvent): AetherError {
  return new AetherError(
    'id-reused',
    `event id ${stored.id} stands at version ${stored.version} of ${stored.actorId} with other content`,
  )
}
