import { isDeepStrictEqual } from 'node:util'
import { AetherError, MalformedEventError, type StoredEvent } from '../../core/index.ts'
import type { CommitLog, VersionRange } from '../commit-log.ts'
import { type Commit, type CommitPart, isGuard } from './commit.ts'

/** How many of an actor's newest events are searched where the version is not known. */
const repeatWindow = 1_000

/**
 * What was stored when this very commit was offered before, if it was: the events of each part. Its guards don't
 * count: what they demanded held then.
 * @throws AetherError `id-reused` where one of its ids stands in an actor with other content.
 */
export async function findRepeat(
  log: CommitLog,
  { parts }: Commit,
): Promise<readonly (readonly StoredEvent[])[] | undefined> {
  const near = await findParts(log, parts, repeatWindow)
  if (near.flat().length === 0) return undefined
  if (areWhole(near, parts)) return near
  // What was stored together with one of the newest may lie further back.
  const all = await findParts(log, parts, Infinity)
  if (areWhole(all, parts)) return all
  throw reused([...near, ...all].flat()[0] as StoredEvent)
}

/** Of each part its events, as far as they are there. */
async function findParts(
  log: CommitLog,
  parts: readonly CommitPart[],
  window: number,
): Promise<readonly (readonly StoredEvent[])[]> {
  const found: (readonly StoredEvent[])[] = []
  for (const part of parts) found.push(await findPart(log, part, window))
  return found
}

function areWhole(
  found: readonly (readonly StoredEvent[])[],
  parts: readonly CommitPart[],
): boolean {
  return parts.every(({ events }, index) => {
    const stored = found[index] ?? []
    return (
      stored.length === events.length && stored.every(({ id }, place) => id === events[place]?.id)
    )
  })
}

/** Those of its events that are among so many of the actor's newest, where it goes anywhere. */
async function findPart(
  log: CommitLog,
  part: CommitPart,
  window: number,
): Promise<readonly StoredEvent[]> {
  if (isGuard(part)) return []
  const place = await placeOf(log, part, window)
  const forwards = { ...place, limit: Infinity, direction: 'forwards' } as const
  const inPlace = await lookIn(log, part, forwards)
  let { found } = inPlace
  // Versions may be left out: then as many events reach further back.
  if (part.expected === 'any' && place.first > 1 && inPlace.seen < window) {
    const newest = {
      first: 1,
      last: place.last,
      limit: window,
      direction: 'backwards',
    } as const
    found = (await lookIn(log, part, newest)).found.toReversed()
  }
  return found
}

/** Those of the range that have ids of the part, and how many were looked at: no more than its limit. */
async function lookIn(
  log: CommitLog,
  { actorId, events }: CommitPart,
  range: VersionRange,
): Promise<{ readonly found: readonly StoredEvent[]; readonly seen: number }> {
  const offered = new Map(events.map((event) => [event.id, event]))
  const found: StoredEvent[] = []
  let seen = 0
  for await (const batch of log.read(actorId, range, undefined)) {
    for (const stored of batch) {
      if (++seen > range.limit) return { found, seen }
      if (stored instanceof MalformedEventError) throw stored
      const event = offered.get(stored.id)
      if (!event) continue
      const isSame = stored.type === event.type && isDeepStrictEqual(stored.data, event.data)
      if (!isSame) throw reused(stored)
      found.push(stored)
    }
  }
  return { found, seen }
}

/** Where the events of the part would stand. */
async function placeOf(
  log: CommitLog,
  { actorId, expected, events }: CommitPart,
  window: number,
): Promise<{ readonly first: number; readonly last: number }> {
  if (typeof expected === 'number') return { first: expected + 1, last: expected + events.length }
  if (typeof expected === 'object') {
    return { first: expected.below, last: expected.below + events.length - 1 }
  }
  const newest = await log.latestVersion(actorId, undefined)
  return { first: Math.max(1, newest - window + 1), last: newest }
}

function reused(stored: StoredEvent): AetherError {
  return new AetherError(
    'id-reused',
    `event id ${stored.id} stands at version ${stored.version} of ${stored.actorId} with other content`,
  )
}
