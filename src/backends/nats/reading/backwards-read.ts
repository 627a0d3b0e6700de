import type { LogEntry } from '../../../store/index.ts'
import { entriesWithin, isReadable, type StoredPart } from '../commits/commit-message.ts'
import { type ActorReading, keptOf, versionsBefore } from './actor-reading.ts'
import type { ActorScan } from './actor-scan.ts'
import { type BackLinkReader, linksOf } from './back-link-reader.ts'

/** By what an actor is read before its newest message. */
interface ReadersAround {
  readonly scan: ActorScan
  readonly backLinks: BackLinkReader
}

/** The range of the actor's events, newest first. */
export async function* readBackwards(
  reading: ActorReading,
  around: ReadersAround,
): AsyncGenerator<readonly LogEntry[]> {
  const { range } = reading
  // Whether one that can't be read lies in the range is told by the readable one before it.
  let held: readonly StoredPart[] = []
  for await (const parts of partsBackwards(reading, around)) {
    held = [...parts.toReversed(), ...held]
    if (!held.slice(0, 1).every(isReadable)) continue
    yield entriesWithin(range, held).toReversed()
    held = []
  }
  yield entriesWithin(range, held).toReversed()
}

/** Newest first. Each part knows those before it, so that any one leads on. */
async function* partsBackwards(
  reading: ActorReading,
  around: ReadersAround,
): AsyncGenerator<readonly StoredPart[]> {
  const { actorId, range, hints, floor, signal } = reading
  let from = await skipBehind(reading, around)
  let left = versionsBefore(from, range.first, Infinity)
  yield [from]
  while (left > 0) {
    const links = linksOf(from)
    if (!links) {
      yield await searchBefore(reading, from, around)
      return
    }
    const kept = keptOf(links, await floor())
    const wanted = kept.slice(-Math.min(left, range.limit)).toReversed()
    if (wanted.length === 0) return
    for await (const parts of around.backLinks.inOrder(actorId, wanted, hints, signal)) {
      yield parts
      from = parts.at(-1) as StoredPart
    }
    left = versionsBefore(from, range.first, left - wanted.length)
  }
}

/** Leaps from page to page, as long as the whole page lies behind the range. */
async function skipBehind(
  { actorId, range, newest, floor, signal }: ActorReading,
  { backLinks }: ReadersAround,
): Promise<StoredPart> {
  let from = newest
  while (isReadable(from) && from.firstVersion > range.last) {
    const [oldest] = from.links
    if (oldest === undefined || oldest <= (await floor()).sequence) break
    const part = await backLinks.at(actorId, oldest, signal)
    if (!isReadable(part) || part.firstVersion <= range.last) break
    from = part
  }
  return from
}

/** Before what doesn't say what it stands behind, which only others than Aether write. */
async function searchBefore(
  { actorId, range, floor, signal }: ActorReading,
  end: StoredPart,
  around: ReadersAround,
): Promise<readonly StoredPart[]> {
  const forwards = { ...range, direction: 'forwards', limit: Infinity } as const
  const scan = { actorId, range: forwards, floor: await floor(), newest: end, signal }
  const batches = await Array.fromAsync(around.scan.parts(scan))
  return batches
    .flat()
    .filter((part) => part.sequence < end.sequence)
    .toReversed()
}
