import { pageSize } from '../commits/back-links.ts'
import { isReadable, type StoredPart } from '../commits/commit-message.ts'
import { type ActorReading, keptOf, versionsBefore } from './actor-reading.ts'
import { type BackLinkReader, linksOf, mostAtOnce } from './back-link-reader.ts'

/**
 * Up to how many messages of the stream, for each one of the actor, searching for them is quicker than
 * asking for each: docs/decisions/0005-back-links.md.
 */
const denseSpacing = 8
/** From how many links on their spacing counts for that of the whole. */
const minSample = 8

/** Those of the actor's messages that may be in the range, or nothing where it's better to search. */
export async function sequencesBefore(
  reading: ActorReading,
  backLinks: BackLinkReader,
): Promise<readonly number[] | undefined> {
  const { actorId, newest, floor, signal } = reading
  const { first } = reading.range
  const pages: (readonly number[])[] = []
  let from = newest
  let left = versionsBefore(newest, first, Infinity)
  while (left > 0) {
    const named = linksOf(from)
    if (!named) return undefined
    const links = keptOf(named, await floor())
    const [oldest] = links
    if (oldest === undefined) break
    pages.push(links.slice(-left))
    if (left <= links.length || links.length < named.length) break
    if (isBetterSearched(pages, newest)) return undefined
    const ends =
      isReadable(from) && from.pages.length > 1 ? keptOf(from.pages, await floor()) : [oldest]
    const count = Math.ceil(
      Math.min((left - links.length) / pageSize, mostAtOnce(reading.hints.partBytes)),
    )
    const parts = await backLinks.all(actorId, ends.slice(-count), signal)
    const leap = leapOver(parts)
    pages.push(...leap.pages)
    from = leap.from
    left = versionsBefore(from, first, left - links.length)
  }
  return pages.toReversed().flat()
}

/**
 * The pages that these ends of pages, which ascend, name, newest first, and the end from where to go on:
 * the oldest one, or the first that can't be read or doesn't lead to the one before it.
 */
function leapOver(ends: readonly StoredPart[]): {
  readonly pages: (readonly number[])[]
  readonly from: StoredPart
} {
  const pages: (readonly number[])[] = []
  let index = ends.length - 1
  for (; index > 0; index--) {
    const links = linksOf(ends[index] as StoredPart)
    if (links?.[0] !== ends[index - 1]?.sequence) break
    pages.push(links as readonly number[])
  }
  return { pages, from: ends[index] as StoredPart }
}

/** Whether the actor's messages stand so close together, or name so few, that a search is quicker. */
function isBetterSearched(pages: readonly (readonly number[])[], newest: StoredPart): boolean {
  const count = pages.reduce((sum, page) => sum + page.length, 0)
  const oldest = pages.at(-1)?.[0] ?? newest.sequence
  const isDense = count >= minSample && newest.sequence - oldest < count * denseSpacing
  const isWithoutLinks = pages.length > 1 && pages.slice(-2).every((page) => page.length === 1)
  return isDense || isWithoutLinks
}
