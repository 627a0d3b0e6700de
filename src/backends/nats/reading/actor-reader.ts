import { type ActorId, MalformedEventError } from '../../../core/index.ts'
import type { LogEntry, VersionRange } from '../../../store/index.ts'
import { isPageEnd, pageSize, pagesBehind } from '../commits/back-links.ts'
import {
  decodePart,
  entriesWithin,
  isReadable,
  type ReadablePart,
  type StoredMessage,
  type StoredPart,
} from '../commits/commit-message.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import { type ActorFloors, type Place, TrimmedMeanwhile } from './actor-floors.ts'
import { type ActorHead, type ActorHeads, isEnoughToWrite, noHead } from './actor-heads.ts'
import type { ActorScan } from './actor-scan.ts'
import { type BackLinkReader, type FetchHints, linksOf, mostAtOnce } from './back-link-reader.ts'
import type { StreamLeader } from './stream-leader.ts'

/**
 * Up to how many messages of the stream, for each one of the actor, searching for them is quicker than
 * asking for each: docs/decisions/0005-back-links.md.
 */
const denseSpacing = 64
/** From how many links on their spacing counts for that of the whole. */
const minSample = 8

export interface ActorReaderContext {
  readonly leader: StreamLeader
  readonly subjects: EventSubjects
  readonly heads: ActorHeads
  readonly scan: ActorScan
  readonly backLinks: BackLinkReader
  /** Given where old messages may be removed. */
  readonly floors: ActorFloors | undefined
}

/** What one read is about. */
interface Reading {
  readonly actorId: ActorId
  readonly range: VersionRange
  readonly newest: StoredPart
  readonly hints: FetchHints
  /** Where the actor's history begins; asked for only by who goes beyond the newest message. */
  readonly floor: () => Promise<Place>
  readonly signal: AbortSignal | undefined
}

/** Reads the events of one actor, and where it stands. */
export class ActorReader {
  readonly #context: ActorReaderContext

  constructor(context: ActorReaderContext) {
    this.#context = context
  }

  /**
   * Where the actor stands, as the leader knows.
   * @throws MalformedEventError; and what the leader throws.
   */
  async head(actorId: ActorId, signal?: AbortSignal): Promise<ActorHead> {
    const message = await this.#newest(actorId, signal)
    if (!message) return noHead
    const { subjects } = this.#context
    // Read whole, so that nothing is ever written behind what can't be read.
    const newest = decodePart(message, subjects)
    if (!isReadable(newest)) throw newest.error
    return this.#learn(actorId, newest)
  }

  /** {@link head}, with all that the next commit is to name; one commit of a page costs a step more. */
  async headToWrite(actorId: ActorId): Promise<ActorHead> {
    const head = await this.head(actorId)
    const [oldest] = head.links
    if (isEnoughToWrite(head) || oldest === undefined) return head
    // Without what it names, an index of pages begins anew: reads get slower, not wrong.
    const end = await this.#context.backLinks.at(actorId, oldest).catch(() => undefined)
    return { ...head, pages: (end && isReadable(end) && pagesFrom(end)) || [oldest] }
  }

  /**
   * Asks the leader for the newest message, so that the end is known, and reads what lies before it
   * wherever that is quickest. An actor with no events or one message costs one round trip.
   */
  read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    return this.#context.floors
      ? this.#readWhatIsLeft(actorId, range, signal)
      : this.#read(actorId, range, signal)
  }

  /** Goes on behind what it gave, when what was to come next is trimmed meanwhile. */
  async *#readWhatIsLeft(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    let rest: VersionRange = range
    for (;;) {
      try {
        for await (const entries of this.#read(actorId, rest, signal)) {
          rest = restBehind(rest, entries)
          yield entries
        }
        return
      } catch (error) {
        if (!(error instanceof TrimmedMeanwhile)) throw error
      }
    }
  }

  async *#read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    const message = await this.#newest(actorId, signal)
    if (!message) return
    const newest = decodePart(message, this.#context.subjects)
    if (isReadable(newest)) this.#learn(actorId, newest)
    const hints = { limit: range.limit, partBytes: message.data.length + 1 }
    let asked: Promise<Place> | undefined
    const floor = (): Promise<Place> => (asked ??= this.#floorOf(actorId, newest, signal))
    const reading = { actorId, range, newest, hints, floor, signal }
    yield* range.direction === 'forwards' ? this.#forwards(reading) : this.#backwards(reading)
  }

  #newest(actorId: ActorId, signal: AbortSignal | undefined): Promise<StoredMessage | null> {
    const { leader, subjects, heads } = this.#context
    return leader.last(subjects.of(actorId), signal, heads.get(actorId)?.sequence)
  }

  /** @throws TrimmedMeanwhile where the newest message isn't the newest any more, and gone. */
  async #floorOf(
    actorId: ActorId,
    newest: StoredPart,
    signal: AbortSignal | undefined,
  ): Promise<Place> {
    const { floors } = this.#context
    if (!floors) return noHead
    const floor = await floors.of(actorId, signal)
    if (floor.sequence >= newest.sequence) throw new TrimmedMeanwhile()
    return floor
  }

  async *#forwards(reading: Reading): AsyncGenerator<readonly LogEntry[]> {
    const { scan, backLinks } = this.#context
    const { actorId, range, newest, hints, signal } = reading
    if (isReadable(newest) && newest.firstVersion <= range.first) {
      yield entriesWithin(range, [newest])
      return
    }
    const older = await this.#sequencesBefore(reading)
    if (!older) {
      yield* scan.read({ actorId, range, floor: await reading.floor(), newest, signal })
      return
    }
    for await (const parts of backLinks.inOrder(actorId, older, hints, signal)) {
      yield entriesWithin(range, parts)
      if (parts.some((part) => isReadable(part) && part.lastVersion >= range.last)) return
    }
    yield entriesWithin(range, [newest])
  }

  /** Those of the actor's messages that may be in the range, or nothing where it's better to search. */
  async #sequencesBefore({
    actorId,
    range: { first },
    newest,
    hints: { partBytes },
    floor,
    signal,
  }: Reading): Promise<readonly number[] | undefined> {
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
      const count = Math.ceil(Math.min((left - links.length) / pageSize, mostAtOnce(partBytes)))
      const parts = await this.#context.backLinks.all(actorId, ends.slice(-count), signal)
      const leap = leapOver(parts)
      pages.push(...leap.pages)
      from = leap.from
      left = versionsBefore(from, first, left - links.length)
    }
    return pages.toReversed().flat()
  }

  async *#backwards(reading: Reading): AsyncGenerator<readonly LogEntry[]> {
    const { range } = reading
    // Whether one that can't be read lies in the range is told by the readable one before it.
    let held: readonly StoredPart[] = []
    for await (const parts of this.#partsBackwards(reading)) {
      held = [...parts.toReversed(), ...held]
      if (!held.slice(0, 1).every(isReadable)) continue
      yield entriesWithin(range, held).toReversed()
      held = []
    }
    yield entriesWithin(range, held).toReversed()
  }

  /** Newest first. Each part knows those before it, so that any one leads on. */
  async *#partsBackwards(reading: Reading): AsyncGenerator<readonly StoredPart[]> {
    const { actorId, range, hints, floor, signal } = reading
    let from = await this.#skipBehind(reading)
    let left = versionsBefore(from, range.first, Infinity)
    yield [from]
    while (left > 0) {
      const links = linksOf(from)
      if (!links) {
        yield await this.#searchBefore(reading, from)
        return
      }
      const kept = keptOf(links, await floor())
      const wanted = kept.slice(-Math.min(left, range.limit)).toReversed()
      if (wanted.length === 0) return
      for await (const parts of this.#context.backLinks.inOrder(actorId, wanted, hints, signal)) {
        yield parts
        from = parts.at(-1) as StoredPart
      }
      left = versionsBefore(from, range.first, left - wanted.length)
    }
  }

  /** Leaps from page to page, as long as the whole page lies behind the range. */
  async #skipBehind({ actorId, range, newest, floor, signal }: Reading): Promise<StoredPart> {
    let from = newest
    while (isReadable(from) && from.firstVersion > range.last) {
      const [oldest] = from.links
      if (oldest === undefined || oldest <= (await floor()).sequence) break
      const part = await this.#context.backLinks.at(actorId, oldest, signal)
      if (!isReadable(part) || part.firstVersion <= range.last) break
      from = part
    }
    return from
  }

  /** Before what doesn't say what it stands behind, which only others than Aether write. */
  async #searchBefore(
    { actorId, range, floor, signal }: Reading,
    end: StoredPart,
  ): Promise<readonly StoredPart[]> {
    const forwards = { ...range, direction: 'forwards', limit: Infinity } as const
    const scan = { actorId, range: forwards, floor: await floor(), newest: end, signal }
    const batches = await Array.fromAsync(this.#context.scan.parts(scan))
    return batches
      .flat()
      .filter((part) => part.sequence < end.sequence)
      .toReversed()
  }

  #learn(actorId: ActorId, part: ReadablePart): ActorHead {
    const { sequence, lastVersion, links } = part
    const head = { sequence, version: lastVersion, links, pages: pagesFrom(part) }
    this.#context.heads.learn(actorId, head)
    return head
  }
}

/** What is still there of the messages that another names. */
function keptOf(sequences: readonly number[], floor: Place): readonly number[] {
  return floor.sequence === 0 ? sequences : sequences.filter((each) => each > floor.sequence)
}

/** What is left of the range behind these entries, in its direction. */
function restBehind(range: VersionRange, entries: readonly LogEntry[]): VersionRange {
  const last = entries.findLast((entry) => !(entry instanceof MalformedEventError))
  if (!last || last instanceof MalformedEventError) return range
  return range.direction === 'forwards'
    ? { ...range, first: last.version + 1 }
    : { ...range, last: last.version - 1 }
}

function pagesFrom({ sequence, links, pages }: ReadablePart): readonly number[] | undefined {
  return pagesBehind(sequence, links, isPageEnd(links) ? pages : undefined)
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

/** How many versions lie between the two, where the part can be read. */
function versionsBefore(part: StoredPart, first: number, otherwise: number): number {
  return isReadable(part) ? part.firstVersion - first : otherwise
}

/** Whether the actor's messages stand so close together, or name so few, that a search is quicker. */
function isBetterSearched(pages: readonly (readonly number[])[], newest: StoredPart): boolean {
  const count = pages.reduce((sum, page) => sum + page.length, 0)
  const oldest = pages.at(-1)?.[0] ?? newest.sequence
  const isDense = count >= minSample && newest.sequence - oldest < count * denseSpacing
  const isWithoutLinks = pages.length > 1 && pages.slice(-2).every((page) => page.length === 1)
  return isDense || isWithoutLinks
}
