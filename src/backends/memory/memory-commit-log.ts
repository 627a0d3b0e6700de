import { type ActorId, grown, LongWork, type StoredEvent } from '../../core/index.ts'
import {
  type ActorEvents,
  type Commit,
  type CommitLog,
  type CommitPart,
  firstVersionOf,
  isGuard,
  isMet,
  type LogRange,
  type LogRetention,
  placePart,
  type Retention,
  type VersionRange,
  type WriteOutcome,
} from '../../store/index.ts'

/** How many events a read hands over at once. */
const batchSize = 500

/** What happened to one actor. */
interface History {
  /** That of the newest event, which need not be looked for in the heap. */
  version: number
  readonly events: StoredEvent[]
}

const nothingHappened: History = { version: 0, events: [] }

/** The executable specification of a commit log. */
export class MemoryCommitLog implements CommitLog {
  readonly leastActorsTogether = 2
  readonly isImmediate = true
  readonly retention: LogRetention | undefined
  #log: StoredEvent[] = []
  #lastPosition = 0
  readonly #actors = new Map<ActorId, History>()
  /** Of which some events were removed. */
  readonly #trimmed = new Set<ActorId>()
  readonly #watchers = new Set<() => void>()

  constructor(retention?: Retention) {
    this.retention = retention && {
      ...retention,
      trim: async (actorId, toVersion) => this.#trim(actorId, toVersion),
      trimmedVersion: async (actorId) => this.#trimmedVersion(actorId),
    }
  }

  write(commit: Commit): WriteOutcome {
    const { parts } = commit
    let histories: History[] | undefined
    let partIndex = 0
    for (const part of parts) {
      const history = this.#actors.get(part.actorId) ?? { version: 0, events: [] }
      const { version: currentVersion } = history
      if (!isMet(part, currentVersion)) return { ok: false, partIndex, currentVersion }
      firstVersionOf(part, currentVersion) // throws before anything is stored
      histories = grown(histories, history)
      partIndex++
    }
    let placed: (readonly StoredEvent[])[] | undefined
    for (const history of histories ?? [])
      placed = grown(placed, this.#place(commit, parts[placed?.length ?? 0] as CommitPart, history))
    for (const wake of this.#watchers) wake()
    return { ok: true, parts: placed ?? [] }
  }

  async latestVersion(actorId: ActorId): Promise<number> {
    return this.#versionOf(actorId)
  }

  async lastPosition(): Promise<number> {
    return this.#lastPosition
  }

  async remaining(position: number): Promise<number> {
    return this.#log.length - indexOf(this.#log, 'position', position + 1)
  }

  read(actorId: ActorId, range: VersionRange): AsyncGenerator<readonly StoredEvent[]> {
    return inBatches(this.eventsOf(actorId, range).events)
  }

  eventsOf(actorId: ActorId, range: VersionRange): ActorEvents {
    const { events, version } = this.#actors.get(actorId) ?? nothingHappened
    const copy = isWhole(range) ? events.slice() : eventsIn(range, events)
    return { events: copy, latestVersion: version }
  }

  readAll({ after }: LogRange): AsyncGenerator<readonly StoredEvent[]> {
    return inBatches(this.#log.slice(indexOf(this.#log, 'position', after + 1)))
  }

  async watch(wake: () => void): Promise<AsyncDisposable> {
    // Each its own, also where the same function watches twice.
    const watcher = (): void => wake()
    this.#watchers.add(watcher)
    return { [Symbol.asyncDispose]: async () => void this.#watchers.delete(watcher) }
  }

  beginClosing(): void {}

  async close(): Promise<void> {}

  #place(commit: Commit, part: CommitPart, history: History): readonly StoredEvent[] {
    if (isGuard(part)) return []
    if (history.version === 0) this.#actors.set(part.actorId, history)
    const firstVersion = firstVersionOf(part, history.version)
    const events = placePart(commit, part, firstVersion, this.#nextPosition)
    for (const event of events) {
      // Data and metadata are frozen already, so nobody who is given it can change what happened.
      Object.freeze(event)
      history.events.push(event)
      this.#log.push(event)
    }
    history.version = firstVersion + events.length - 1
    return events
  }

  readonly #nextPosition = (): number => ++this.#lastPosition

  #versionOf(actorId: ActorId): number {
    return this.#actors.get(actorId)?.version ?? 0
  }

  #trim(actorId: ActorId, toVersion: number): number {
    const { events } = this.#actors.get(actorId) ?? nothingHappened
    const count = Math.min(indexOf(events, 'version', toVersion + 1), events.length - 1)
    if (count <= 0) return 0
    const gone = new Set(events.splice(0, count))
    this.#log = this.#log.filter((event) => !gone.has(event))
    this.#trimmed.add(actorId)
    return count
  }

  #trimmedVersion(actorId: ActorId): number {
    const [oldest] = this.#actors.get(actorId)?.events ?? []
    return oldest && this.#trimmed.has(actorId) ? oldest.version - 1 : 0
  }
}

function isWhole({ first, last, direction, limit }: VersionRange): boolean {
  return first === 1 && last === Infinity && limit === Infinity && direction === 'forwards'
}

/** A copy. */
function eventsIn(
  { first, last, direction, limit }: VersionRange,
  events: readonly StoredEvent[],
): StoredEvent[] {
  const start = first === 1 ? 0 : indexOf(events, 'version', first)
  const end = last === Infinity ? events.length : indexOf(events, 'version', last + 1)
  if (direction === 'forwards') return events.slice(start, Math.min(end, start + limit))
  return events.slice(Math.max(start, end - limit), end).toReversed()
}

/** Of the first event with this version, or position, or a greater one. */
function indexOf(
  events: readonly StoredEvent[],
  by: 'version' | 'position',
  least: number,
): number {
  let [low, high] = [0, events.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle] as StoredEvent)[by] < least) low = middle + 1
    else high = middle
  }
  return low
}

/** Only what is taken. */
async function* inBatches(events: readonly StoredEvent[]): AsyncGenerator<readonly StoredEvent[]> {
  const work = new LongWork()
  for (let start = 0; start < events.length; start += batchSize) {
    await work.pause()
    yield events.slice(start, start + batchSize)
  }
}
