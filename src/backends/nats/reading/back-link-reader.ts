import { AetherError, type ActorId } from '../../../core/index.ts'
import { decodeRun } from '../commits/bare-run.ts'
import {
  decodePart,
  isReadable,
  type ReadablePart,
  type StoredMessage,
  type StoredPart,
} from '../commits/commit-message.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import type { ActorFloors } from './actor-floors.ts'

/** How many messages are fetched at once to begin with, as the reader may not want many. */
const firstBatch = 64
/** Each next batch is twice as large, up to this: each costs both sides a wake-up and a write. */
const maxBatch = 512
/** Fewer don't spare anything, and the first ones may lie before the range. */
export const minBatch = 8
/** About how many bytes are fetched at once. */
const maxBatchBytes = 2 * 1024 * 1024

/** Perhaps less than there is: see ReplicaReader. */
export interface ReplicaMessages {
  at(
    sequences: readonly number[],
    signal?: AbortSignal,
  ): Promise<readonly (StoredMessage | undefined)[]>
  /** In any order. */
  bodies(sequences: readonly number[], signal?: AbortSignal): Promise<readonly Uint8Array[]>
}

/** All there is: see StreamLeader. */
export interface LeaderMessages {
  at(sequence: number, signal?: AbortSignal): Promise<StoredMessage | null>
}

export interface FetchHints {
  /** How many parts will be taken. */
  readonly limit: number
  /** About how large one is. */
  readonly partBytes: number
}

/** What was asked for before it is known whether it is wanted, or still right. */
export interface Ahead {
  /** Each that of the actor's next message; at least one. */
  readonly sequences: readonly number[]
  /** The message with the first one, if it could be had. */
  readonly first: Promise<StoredMessage | undefined>
  /** The bodies of the others, as far as they could be had, in any order. */
  readonly others: Promise<Bodies>
}

type Bodies = readonly Uint8Array[]

/** Reads an actor's parts by their sequences, which others name: see back-links.ts. */
export class BackLinkReader {
  readonly #replicas: ReplicaMessages
  readonly #leader: LeaderMessages
  readonly #subjects: EventSubjects
  readonly #floors: ActorFloors | undefined

  /** With `floors`, what isn't there may have been removed by right. */
  constructor(
    replicas: ReplicaMessages,
    leader: LeaderMessages,
    subjects: EventSubjects,
    floors?: ActorFloors,
  ) {
    this.#replicas = replicas
    this.#leader = leader
    this.#subjects = subjects
    this.#floors = floors
  }

  /** Asks for them all at once. Neither of its promises must be waited for. */
  ahead(sequences: readonly number[], signal: AbortSignal | undefined): Ahead {
    const first = this.#replicas.at(sequences.slice(0, 1), signal).then(([message]) => message)
    const others = this.#replicas.bodies(sequences.slice(1), signal)
    first.catch(() => undefined)
    others.catch(() => undefined)
    return { sequences, first, others }
  }

  /** All that was asked ahead; undefined where it isn't all there, or isn't one run of the actor. */
  async taken(actorId: ActorId, ahead: Ahead): Promise<readonly ReadablePart[] | undefined> {
    const first = await ahead.first
    const bodies = await ahead.others
    if (first?.subject !== this.#subjects.of(actorId)) return undefined
    const behind = decodePart(first, this.#subjects)
    if (!isReadable(behind)) return undefined
    const run = decodeRun(bodies, { actorId, behind, sequences: ahead.sequences.slice(1) })
    return run && [behind, ...run]
  }

  /** {@link all}, of one. */
  async at(actorId: ActorId, sequence: number, signal?: AbortSignal): Promise<StoredPart> {
    const [part] = await this.all(actorId, [sequence], signal)
    return part as StoredPart
  }

  /**
   * From any replica, or as asked ahead; from the leader what that doesn't have yet.
   * @throws AetherError `incompatible-store` where one is not the actor's; TrimmedMeanwhile; and what the
   * leader throws.
   */
  async all(
    actorId: ActorId,
    sequences: readonly number[],
    signal?: AbortSignal,
    ahead?: Ahead,
  ): Promise<readonly StoredPart[]> {
    const subject = this.#subjects.of(actorId)
    const found = await this.#found(sequences, signal, ahead)
    const messages = await Promise.all(
      sequences.map(async (sequence, i) => found[i] ?? this.#leader.at(sequence, signal)),
    )
    const lost = sequences.find((_, index) => messages[index]?.subject !== subject)
    if (lost !== undefined) {
      await this.#floors?.explain(actorId, lost, signal)
      throw new AetherError(
        'incompatible-store',
        `the stream has lost sequence ${lost}, a commit to ${actorId}: it was trimmed or damaged`,
      )
    }
    return messages.map((message) => decodePart(message as StoredMessage, this.#subjects))
  }

  async #found(
    sequences: readonly number[],
    signal: AbortSignal | undefined,
    ahead: Ahead | undefined,
  ): Promise<readonly (StoredMessage | undefined)[]> {
    const place = sequences.indexOf(ahead?.sequences[0] ?? 0)
    if (!ahead || place < 0) return this.#replicas.at(sequences, signal)
    const [found, first] = await Promise.all([
      this.#replicas.at(sequences.toSpliced(place, 1), signal),
      ahead.first,
    ])
    return found.toSpliced(place, 0, first)
  }

  /** In batches, in the order given. While one is taken, the next one is fetched. */
  async *inOrder(
    actorId: ActorId,
    sequences: readonly number[],
    hints: FetchHints,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly StoredPart[]> {
    const fetch = (batch: readonly number[]): Promise<readonly StoredPart[]> =>
      this.all(actorId, batch, signal)
    for await (const [, parts] of inBatches(sequences, hints, fetch)) yield parts
  }

  /**
   * {@link inOrder}, where each sequence is that of the actor's next message. All but the first one come
   * without headers, as long as each begins with the version behind the last one: what doesn't, or is
   * not there, or can't be read, is fetched with all that can be known of it. What was asked `ahead` is
   * not asked for again.
   */
  async *run(
    actorId: ActorId,
    sequences: readonly number[],
    hints: FetchHints,
    signal: AbortSignal | undefined,
    ahead?: Ahead,
  ): AsyncGenerator<readonly StoredPart[]> {
    const [first] = sequences
    if (first === undefined) return
    const beginning = this.all(actorId, [first], signal, ahead)
    beginning.catch(() => undefined) // the bodies may fail before
    let isBare = true
    const fetch = async (batch: readonly number[]): Promise<Bodies> =>
      isBare ? this.#replicas.bodies(batch, signal) : []
    let behind: StoredPart | undefined
    for await (const [batch, bodies] of withAhead(sequences, hints, fetch, ahead)) {
      const begun = behind ? [] : await beginning
      behind ??= begun[0] as StoredPart
      const bare = decodeRun(bodies, { actorId, behind, sequences: batch })
      isBare &&= bare !== undefined
      const parts: readonly StoredPart[] = bare ?? (await this.all(actorId, batch, signal))
      yield [...begun, ...parts]
      behind = parts.at(-1)
    }
    if (!behind) yield await beginning
  }
}

/** Batches, which grow, and what is fetched of them. While one is taken, the next one is fetched. */
async function* inBatches<T>(
  sequences: readonly number[],
  { limit, partBytes }: FetchHints,
  fetch: (batch: readonly number[]) => Promise<T>,
): AsyncGenerator<readonly [batch: readonly number[], fetched: T]> {
  const most = mostAtOnce(partBytes)
  let size = Math.min(firstBatch, Math.max(minBatch, limit), most)
  let start = 0
  const next = (): readonly [readonly number[], Promise<T>] | undefined => {
    const batch = sequences.slice(start, start + size)
    if (batch.length === 0) return undefined
    start += size
    size = Math.min(size * 2, maxBatch, most)
    const fetching = fetch(batch)
    fetching.catch(() => undefined) // nobody waits for it where the reader left
    return [batch, fetching]
  }
  for (let current = next(); current;) {
    const [batch, fetching] = current
    const fetched = await fetching
    current = next()
    yield [batch, fetched]
  }
}

/**
 * {@link inBatches} of all but the first, where those asked ahead are one batch, as they are, and what
 * lies before and behind them is fetched.
 */
async function* withAhead(
  sequences: readonly number[],
  hints: FetchHints,
  fetch: (batch: readonly number[]) => Promise<Bodies>,
  ahead: Ahead | undefined,
): AsyncGenerator<readonly [batch: readonly number[], bodies: Bodies]> {
  const start = sequences.indexOf(ahead?.sequences[0] ?? 0)
  if (!ahead || start < 0) {
    yield* inBatches(sequences.slice(1), hints, fetch)
    return
  }
  const end = start + ahead.sequences.length
  yield* inBatches(sequences.slice(1, start), hints, fetch)
  if (start > 0) yield [ahead.sequences, await bodiesOf(ahead)]
  else if (ahead.sequences.length > 1) yield [ahead.sequences.slice(1), await ahead.others]
  yield* inBatches(sequences.slice(end), hints, fetch)
}

async function bodiesOf({ first, others }: Ahead): Promise<Bodies> {
  const message = await first
  return message ? [message.data, ...(await others)] : []
}

/** How many parts of about this size may be fetched at once: at least one. */
export function mostAtOnce(partBytes: number): number {
  return Math.max(1, Math.floor(maxBatchBytes / partBytes))
}

/** What the part names, oldest first: of the actor's messages before it; undefined: it can't be told. */
export function linksOf(part: StoredPart): readonly number[] | undefined {
  if (isReadable(part)) return part.links
  if (part.previous === undefined) return undefined
  return part.previous === 0 ? [] : [part.previous]
}
