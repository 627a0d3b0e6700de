import type { VersionRange } from '../../../store/index.ts'
import { pageSize } from '../commits/back-links.ts'
import { isReadable, type StoredPart } from '../commits/commit-message.ts'
import type { ActorHead, KnownChain } from './actor-heads.ts'
import { type ActorReading, keptOf, versionsBefore } from './actor-reading.ts'
import {
  type Ahead,
  type BackLinkReader,
  linksOf,
  minBatch,
  mostAtOnce,
} from './back-link-reader.ts'

/**
 * Up to how many messages of the stream, for each one of the actor, searching for them is quicker than
 * asking for each: docs/decisions/0005-back-links.md.
 */
const denseSpacing = 8
/** From how many links on their spacing counts for that of the whole. */
const minSample = 8

/** Those of an actor's messages that are to be read. */
export interface Walked {
  /** Oldest first; each that of the actor's next message. */
  readonly sequences: readonly number[]
  /** What was asked for already, of these. */
  readonly ahead: Ahead | undefined
}

/** What may be asked for before the newest commit is there. */
export interface Wanted {
  /** Those that will be wanted, oldest first. */
  readonly asked: readonly number[]
  /** These, and all that are known behind them. */
  readonly chain: readonly number[]
}

/**
 * What will be wanted if this head is still the newest commit, as far as what lies before it is known:
 * undefined where that can't be told, there is nothing or too much, or it's better to search.
 */
export function wantedAhead(
  { first, last, limit, direction }: VersionRange,
  { sequence, version }: ActorHead,
  known: KnownChain | undefined,
): Wanted | undefined {
  const before = version - first
  if (!known || before <= 0 || direction === 'backwards') return undefined
  // A commit has at least one event, and most have no more.
  const all = known.sequences.slice(-before)
  const span = Math.min(limit, last - first + 1)
  const asked = span > before ? all : all.slice(0, Math.max(minBatch, span))
  const [oldest] = asked
  if (oldest === undefined || asked.length > mostAtOnce(known.bytes)) return undefined
  const wanted = { asked, chain: [...all, sequence] }
  if (all.length === before) return wanted
  return span > before && !isDense(all.length, oldest, sequence) ? wanted : undefined
}

/** Those of the actor's messages that may be in the range, or nothing where it's better to search. */
export async function sequencesBefore(
  reading: ActorReading,
  backLinks: BackLinkReader,
): Promise<Walked | undefined> {
  const { actorId, newest, floor, signal } = reading
  const { first } = reading.range
  const pages: (readonly number[])[] = []
  let from = newest
  let left = versionsBefore(newest, first, Infinity)
  const known = leading(reading.chain, linksOf(newest))
  let ahead = known && reading.ahead
  for (let named = known ?? linksOf(newest); left > 0; named = linksOf(from)) {
    if (!named) return undefined
    const links = keptOf(named, await floor())
    const [oldest] = links
    if (oldest === undefined) break
    // What was asked ahead is taken as it is: what lies before the range is left out of it later.
    pages.push(named === known ? links : links.slice(-left))
    if (left <= links.length || links.length < named.length) break
    if (isBetterSearched(pages, newest)) return undefined
    ahead ??= isAllWanted(reading) ? backLinks.ahead(links, signal) : undefined
    const ends = keptOf(endsUpTo(oldest, from), await floor())
    const count = Math.ceil(
      Math.min((left - links.length) / pageSize, mostAtOnce(reading.hints.partBytes)),
    )
    const parts = await backLinks.all(actorId, ends.slice(-count), signal, ahead)
    const leap = leapOver(parts)
    pages.push(...leap.pages)
    from = leap.from
    left = versionsBefore(from, first, left - links.length)
  }
  return { sequences: pages.toReversed().flat(), ahead }
}

/**
 * The known chain as far as the newest commit, which names these; undefined where it doesn't lead there,
 * as it's of a head that is long outdated, or of a stream that was set back.
 */
function leading(
  chain: readonly number[] | undefined,
  named: readonly number[] | undefined,
): readonly number[] | undefined {
  const [oldest] = named ?? []
  if (!chain || !named || oldest === undefined) return undefined
  const start = chain.indexOf(oldest)
  // Where it begins later, as not all of them are wanted.
  const skipped = start < 0 ? named.indexOf(chain[0] as number) : 0
  if (skipped < 0) return undefined
  const behind = named.slice(skipped)
  const common = chain.slice(Math.max(0, start), Math.max(0, start) + behind.length)
  return common.every((sequence, index) => sequence === behind[index])
    ? [...chain.slice(0, Math.max(0, start)), ...behind]
    : undefined
}

/** Whether the range has all up to the newest event in it, and all that the newest message names is small. */
function isAllWanted({ newest, range, hints }: ActorReading): boolean {
  if (!isReadable(newest) || newest.links.length > mostAtOnce(hints.partBytes)) return false
  return range.last >= newest.firstVersion && range.limit > newest.lastVersion - range.first
}

/** The ends of pages that this one names, up to the oldest link known. */
function endsUpTo(oldest: number, from: StoredPart): readonly number[] {
  const end = isReadable(from) ? from.pages.indexOf(oldest) : -1
  return end > 0 && isReadable(from) ? from.pages.slice(0, end + 1) : [oldest]
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
  const isWithoutLinks = pages.length > 1 && pages.slice(-2).every((page) => page.length === 1)
  return isWithoutLinks || isDense(count, oldest, newest.sequence)
}

/** Whether so many messages of the actor, from the oldest to the newest, stand close together. */
function isDense(count: number, oldest: number, newest: number): boolean {
  return count >= minSample && newest - oldest < count * denseSpacing
}
