import { AetherError } from '../../../core/index.ts'
import type { LogEntry, LogFilter, LogRange, AuditEntry } from '../../../store/index.ts'
import { entriesOf, type StoredPart } from '../commits/commit-message.ts'
import { CommitWholeness } from '../commits/commit-wholeness.ts'
import { maxEventsPerMessage, positionOf, sequenceAt } from '../commits/event-position.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import { LinkCheck, type WrongLink } from '../commits/link-check.ts'
import type { ActorFloors } from './actor-floors.ts'
import { CommitFeed, type Follows, type ReplicaAnswers } from './commit-feed.ts'
import type { LongRun } from './long-run.ts'
import type { StreamLeader } from './stream-leader.ts'

/** How many messages are fetched at once, if they are small: see ReplicaReader. */
const batchSize = 4_000
/** From how many messages on a consumer is worth its making: see LongRun. */
const longRunLength = 10_000

/** In the whole stream, nothing may be missing. */
const isNext: Follows = (part, before) => part.sequence === before + 1
/** Among messages of some subjects it can't be told: what a replica knows has no holes. */
const isAnywhere: Follows = () => true

/** Up to where the stream goes, as was answered on this connection. */
interface KnownEnd {
  readonly end: number
  readonly connection: number
}

/** The part of the leader's answers that is used. */
type LeaderOfLog = Pick<
  StreamLeader,
  'lastSequence' | 'certainLastSequence' | 'next' | 'learn' | 'connection'
>

export interface LogReaderContext {
  readonly leader: LeaderOfLog
  readonly replicas: ReplicaAnswers
  readonly subjects: EventSubjects
  /** Made for each long read. */
  readonly longRun: () => LongRun
  /** Given where old messages may be removed. */
  readonly floors: Pick<ActorFloors, 'of'> | undefined
}

/** Reads the events of all actors, in the order of the stream. */
export class LogReader {
  readonly #leader: LeaderOfLog
  readonly #replicas: ReplicaAnswers
  readonly #longRun: () => LongRun
  readonly #subjects: EventSubjects
  readonly #floors: Pick<ActorFloors, 'of'> | undefined

  constructor({ leader, replicas, longRun, subjects, floors }: LogReaderContext) {
    this.#floors = floors
    this.#leader = leader
    this.#replicas = replicas
    this.#longRun = longRun
    this.#subjects = subjects
  }

  /** The last position that the newest message can take up. */
  async lastPosition(signal: AbortSignal | undefined): Promise<number> {
    const sequence = await this.#leader.lastSequence(signal)
    return sequence === 0 ? 0 : positionOf(sequence, maxEventsPerMessage - 1)
  }

  /** Whether no message can take up this position, by the word of a leader that no other has replaced. */
  async endsBefore(position: number, signal: AbortSignal | undefined): Promise<boolean> {
    return (await this.#leader.certainLastSequence(signal)) < sequenceAt(position)
  }

  /** How many messages follow the one that holds this position. */
  async remaining(position: number, signal: AbortSignal | undefined): Promise<number> {
    return Math.max(0, (await this.#leader.lastSequence(signal)) - sequenceAt(position))
  }

  /** Ends with what was acknowledged when it began. */
  async *read(
    range: LogRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly LogEntry[]> {
    for await (const parts of this.#parts(range, signal)) {
      yield entriesOf(parts).filter((entry) => entry.position > range.after)
    }
  }

  /**
   * The log, with what is wrong with the messages as such. It looks at the one that holds the next
   * position as well, so that a commit is seen whole.
   */
  async *audit(
    after: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly AuditEntry[]> {
    const wholeness = new CommitWholeness(after > 0, this.#isTrimmed)
    const links = new LinkCheck(this.#isTrimmed)
    let behind = after
    for (;;) {
      const begin = behind
      const range = { after: begin, limit: Infinity, filter: {} }
      for await (const parts of this.#parts(range, signal)) {
        const entries: AuditEntry[] = []
        for (const part of parts) {
          const link = links.next(part)
          const isWrong = link && !(await this.#isGoneByRight(link, signal))
          entries.push(...wholeness.next(part), ...(isWrong ? [link.damage] : []))
          entries.push(...entriesOf([part]))
        }
        // Only behind the beginning of a commit it's seen to be torn.
        yield entries.filter((entry) => isTorn(entry) || entry.position > begin)
        const last = parts.at(-1)
        if (last) behind = positionOf(last.sequence + 1, 0) - 1
      }
      // The end that it read to may have been in the middle of a commit that was written then.
      if (!wholeness.isOpen || behind === begin) break
    }
    yield [...wholeness.end()]
  }

  /** Whether the message that was named is removed since those before it were seen. */
  async #isGoneByRight(
    { actorId, expected }: WrongLink,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const floor = await this.#floors?.of(actorId, signal)
    return floor !== undefined && floor.sequence >= expected
  }

  get #isTrimmed(): boolean {
    return this.#floors !== undefined
  }

  /** The messages from the one that holds the next position on. */
  async *#parts(
    range: LogRange,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredPart[]> {
    const { connection } = this.#leader
    const end = await this.#endBehind(sequenceAt(range.reach ?? 0), signal)
    const left = new AbortController()
    const whileRead = signal ? AbortSignal.any([signal, left.signal]) : left.signal
    try {
      for await (const parts of this.#batches(range, { end, connection }, whileRead))
        yield parts.filter((part) => part.sequence <= end)
    } finally {
      left.abort('left') // without a reason, it would make an error with a stack
    }
  }

  /**
   * Where the stream ends now.
   * @throws AetherError `store-unavailable` where that is before what was answered already
   */
  async #endBehind(least: number, signal: AbortSignal | undefined): Promise<number> {
    const end = await this.#leader.lastSequence(signal)
    if (end >= least) return end
    throw new AetherError(
      'store-unavailable',
      `the leader of the stream ${this.#subjects.stream} shows it up to ${end}, and it went up to ${least} a moment ago: the server is cut off from the others, or the stream was set back`,
    )
  }

  /** While one is taken, the next one is fetched, if it will be wanted: it's ended by the signal. */
  async *#batches(
    { after, limit, filter }: LogRange,
    { end, connection }: KnownEnd,
    signal: AbortSignal,
  ): AsyncGenerator<readonly StoredPart[]> {
    const subject = this.#subjectOf(filter)
    const follows = subject === undefined && !this.#isTrimmed ? isNext : isAnywhere
    const limitOfMessages = passesWhole(filter) ? limit : Infinity
    // The next event may stand in the same message as the one at `after`.
    let sequence = Math.max(0, sequenceAt(after + 1) - 1)
    const isLong = Math.min(limitOfMessages, end - sequence) >= longRunLength
    using longRun = isLong ? this.#longRun() : undefined
    const feed = new CommitFeed(longRun ?? this.#replicas, this.#leader, this.#subjects)
    const fetchBehind = (sequence: number): Promise<readonly StoredPart[]> => {
      const maxMessages = Math.min(limitOfMessages, batchSize, end - sequence)
      const request = { fromSequence: sequence + 1, maxMessages, ...(subject && { subject }) }
      return feed.next(request, follows, signal)
    }
    let wanted = limitOfMessages
    let toldBy = connection
    let ahead: Promise<readonly StoredPart[]> | undefined
    while (sequence < end) {
      const parts = await (ahead ?? fetchBehind(sequence))
      if (parts.length === 0 && toldBy !== this.#leader.connection) {
        // That there is nothing more was perhaps said by one that is cut off, and doesn't know the end.
        toldBy = this.#leader.connection
        await this.#endBehind(end, signal)
        ahead = undefined
        continue
      }
      sequence = parts.at(-1)?.sequence ?? end
      wanted -= parts.length
      ahead = wanted > 0 && sequence < end ? fetchBehind(sequence) : undefined
      ahead?.catch(() => undefined) // nobody waits for it where the reader left
      yield parts
    }
  }

  /** A request takes one pattern: of several types, none, which is all of the stream. */
  #subjectOf({ actorTypes: [type, ...others] = [] }: LogFilter): string | undefined {
    return type === undefined || others.length > 0 ? undefined : this.#subjects.ofType(type)
  }
}

/** Whether all that the server gives passes the filter, so that a limit holds there as well. */
function passesWhole({ actorTypes = [], key, eventTypes }: LogFilter): boolean {
  return actorTypes.length <= 1 && key === undefined && eventTypes === undefined
}

function isTorn(entry: AuditEntry): boolean {
  return 'kind' in entry && entry.kind === 'torn-commit'
}
