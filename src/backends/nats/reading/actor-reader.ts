import { type ActorId, MalformedEventError } from '../../../core/index.ts'
import type { LogEntry, VersionRange } from '../../../store/index.ts'
import { isPageEnd, pagesBehind } from '../commits/back-links.ts'
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
import type { ActorReading } from './actor-reading.ts'
import type { ActorScan } from './actor-scan.ts'
import type { BackLinkReader } from './back-link-reader.ts'
import { readBackwards } from './backwards-read.ts'
import { sequencesBefore, type Wanted, wantedAhead } from './page-walk.ts'
import type { StreamLeader } from './stream-leader.ts'

export interface ActorReaderContext {
  readonly leader: StreamLeader
  readonly subjects: EventSubjects
  readonly heads: ActorHeads
  readonly scan: ActorScan
  readonly backLinks: BackLinkReader
  /** Given where old messages may be removed. */
  readonly floors: ActorFloors | undefined
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
  async head(actorId: ActorId, signal?: AbortSignal, deadline?: number): Promise<ActorHead> {
    const message = await this.#newest(actorId, signal, deadline)
    if (!message) return noHead
    const { subjects } = this.#context
    // Read whole, so that nothing is ever written behind what can't be read.
    const newest = decodePart(message, subjects)
    if (!isReadable(newest)) throw newest.error
    return this.#learn(actorId, newest)
  }

  /**
   * {@link head}, with all that the next commit is to name; one commit of a page costs a step more.
   * @param deadline of `performance.now()`
   */
  async headToWrite(actorId: ActorId, deadline: number): Promise<ActorHead> {
    const head = await this.head(actorId, undefined, deadline)
    const [oldest] = head.links
    if (isEnoughToWrite(head) || oldest === undefined) return head
    const leftMs = Math.ceil(Math.max(0, deadline - performance.now()))
    const inTime = AbortSignal.timeout(leftMs)
    // Without what it names, an index of pages begins anew: reads get slower, not wrong.
    const end = await this.#context.backLinks.at(actorId, oldest, inTime).catch(() => undefined)
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
    const { backLinks } = this.#context
    const wanted = this.#wantedAhead(actorId, range)
    const ahead = wanted && backLinks.ahead(wanted.asked, signal)
    const message = await this.#newest(actorId, signal)
    if (!message) return
    const newest = decodePart(message, this.#context.subjects)
    if (isReadable(newest)) this.#learn(actorId, newest)
    this.#context.heads.learnSize(actorId, message.data.length)
    const hints = { limit: range.limit, partBytes: message.data.length + 1 }
    let asked: Promise<Place> | undefined
    const floor = (): Promise<Place> => (asked ??= this.#floorOf(actorId, newest, signal))
    const reading: ActorReading = {
      actorId,
      range,
      newest,
      hints,
      ahead,
      chain: wanted?.chain,
      floor,
      signal,
    }
    try {
      yield* range.direction === 'forwards'
        ? this.#forwards(reading)
        : readBackwards(reading, this.#context)
    } catch (error) {
      // What was known may be of a stream that was set back since.
      this.#context.heads.forget(actorId)
      throw error
    }
  }

  /**
   * Whoever knows where the actor stood asks for what lies before that at once: where the leader says
   * that it still stands there, it's all that is to be had.
   */
  #wantedAhead(actorId: ActorId, range: VersionRange): Wanted | undefined {
    const { heads } = this.#context
    const head = heads.get(actorId)
    return head && wantedAhead(range, head, heads.chain(actorId))
  }

  #newest(
    actorId: ActorId,
    signal: AbortSignal | undefined,
    deadline?: number,
  ): Promise<StoredMessage | null> {
    const { leader, subjects, heads } = this.#context
    return leader.last(subjects.of(actorId), signal, heads.get(actorId)?.sequence, deadline)
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

  async *#forwards(reading: ActorReading): AsyncGenerator<readonly LogEntry[]> {
    const { scan, backLinks, heads } = this.#context
    const { actorId, range, newest, hints, signal } = reading
    if (isReadable(newest) && newest.firstVersion <= range.first) {
      yield entriesWithin(range, [newest])
      return
    }
    const whole = await this.#whole(reading)
    if (whole) {
      yield entriesWithin(range, whole)
      return
    }
    const older = await sequencesBefore(reading, backLinks)
    if (!older) {
      yield* scan.read({ actorId, range, floor: await reading.floor(), newest, signal })
      return
    }
    const { sequences, ahead } = older
    heads.learnBefore(actorId, newest.sequence, sequences)
    for await (const parts of backLinks.run(actorId, sequences, hints, signal, ahead)) {
      yield entriesWithin(range, parts)
      if (parts.some((part) => isReadable(part) && part.lastVersion >= range.last)) return
    }
    yield entriesWithin(range, [newest])
  }

  /**
   * All that is in the range, where what was asked ahead has all of it before the newest message: a walk
   * that has nowhere to go would take a tenth of what such a read costs. Nothing that is missing would
   * stay unnoticed, as the versions go on from one to the next.
   */
  async #whole({
    actorId,
    range,
    newest,
    ahead,
  }: ActorReading): Promise<readonly StoredPart[] | undefined> {
    if (!ahead || !isReadable(newest) || ahead.sequences.at(-1) !== newest.previous)
      return undefined
    const before = await this.#context.backLinks.taken(actorId, ahead)
    const [first, last] = [before?.[0], before?.at(-1)]
    if (!before || !first || !last || first.firstVersion > range.first) return undefined
    return last.lastVersion + 1 === newest.firstVersion ? [...before, newest] : undefined
  }

  #learn(actorId: ActorId, part: ReadablePart): ActorHead {
    const { sequence, lastVersion, links } = part
    const head = { sequence, version: lastVersion, links, pages: pagesFrom(part) }
    this.#context.heads.learn(actorId, head)
    return head
  }
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
