import { isDeepStrictEqual } from 'node:util'
import { AetherError, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import type { CommitLog } from '../commit-log.ts'
import type { Commit, CommitPart } from './commit.ts'

/** How many of an actor's newest events are searched where the version is not known. */
const repeatWindow = 1_000

/**
 * What was stored when this very commit was offered before, if it was: the events of each part.
 * @throws AetherError `id-reused` where one of its ids stands in an actor with other content.
 */
export async function findRepeat(
  log: CommitLog,
  { parts }: Commit,
): Promise<readonly (readonly StoredEvent[])[] | undefined> {
  const found: (readonly StoredEvent[])[] = []
  for (const part of parts) {
    const repeat = await findPart(log, part)
    if (repeat) found.push(repeat)
  }
  if (found.length === 0) return undefined
  if (found.length < parts.length) throw reused(found[0]?.[0] as StoredEvent)
  return found
}

async function findPart(
  log: CommitLog,
  part: CommitPart,
): Promise<readonly StoredEvent[] | undefined> {
  const offered = new Map(part.events.map((event) => [event.id, event]))
  const found: StoredEvent[] = []
  const range = { ...(await placeOf(log, part)), limit: Infinity, direction: 'forwards' } as const
  for await (const batch of log.read(part.actorId, range, undefined)) {
    for (const stored of batch) {
      if (stored instanceof MalformedEventError) throw stored
      const event = offered.get(stored.id)
      if (!event) continue
      const isSame = stored.type === event.type && isDeepStrictEqual(stored.data, event.data)
      if (!isSame) throw reused(stored)
      found.push(stored)
    }
  }
  if (found.length === 0) return undefined
  const isWhole =
    found.length === part.events.length &&
    found.every((event, i) => event.id === part.events[i]?.id)
  if (!isWhole) throw reused(found[0] as StoredEvent)
  return found
}

/** Where the events of the part would stand. */
async function placeOf(
  log: CommitLog,
  { actorId, expected, events }: CommitPart,
): Promise<{ readonly first: number; readonly last: number }> {
  if (typeof expected === 'number') return { first: expected + 1, last: expected + events.length }
  if (typeof expected === 'object') {
    return { first: expected.below, last: expected.below + events.length - 1 }
  }
  const newest = await log.latestVersion(actorId, undefined)
  return { first: Math.max(1, newest - repeatWindow + 1), last: newest }
}

function reused(stored: StoredEvent): AetherError {
  return new AetherError(
    'id-reused',
    `event id ${stored.id} stands at version ${stored.version} of ${stored.actorId} with other content`,
  )
}
