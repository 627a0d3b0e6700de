import { type ActorId, LongWork, type StoredEvent } from '../../core/index.ts'
import {
  type Commit,
  type CommitLog,
  type CommitPart,
  firstVersionOf,
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

/** The executable specification of a commit log. */
export class MemoryCommitLog implements CommitLog {
  readonly leastActorsTogether = 2
  readonly retention: LogRetention | undefined
  #log: StoredEvent[] = []
  #lastPosition = 0
  readonly #actors = new Map<ActorId, StoredEvent[]>()
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
    for (const [partIndex, part] of parts.entries()) {
      const currentVersion = this.#versionOf(part.actorId)
      if (!isMet(part, currentVersion)) return { ok: false, partIndex, currentVersion }
    }
    const placed = parts.map((part) => this.#place(commit, part))
    for (const wake of this.#watchers) wake()
    return { ok: true, parts: placed }
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
    return inBatches(this.eventsOf(actorId, range))
  }

  eventsOf(actorId: ActorId, { first, last, direction, limit }: VersionRange): StoredEvent[] {
    const history = this.#actors.get(actorId) ?? []
    const start = first === 1 ? 0 : indexOf(history, 'version', first)
    const end = last === Infinity ? history.length : indexOf(history, 'version', last + 1)
    const isForwards = direction === 'forwards'
    const wanted = isForwards
      ? history.slice(start, Math.min(end, start + limit))
      : history.slice(Math.max(start, end - limit), end)
    return isForwards ? wanted : wanted.toReversed()
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

  #place(commit: Commit, part: CommitPart): readonly StoredEvent[] {
    const history = this.#historyOf(part.actorId)
    const firstVersion = firstVersionOf(part, history.at(-1)?.version ?? 0)
    const events = placePart(commit, part, firstVersion, () => ++this.#lastPosition)
    for (const event of events) {
      // Data and metadata are frozen already, so nobody who is given it can change what happened.
      Object.freeze(event)
      history.push(event)
      this.#log.push(event)
    }
    return events
  }

  #versionOf(actorId: ActorId): number {
    return this.#actors.get(actorId)?.at(-1)?.version ?? 0
  }

  #historyOf(actorId: ActorId): StoredEvent[] {
    let history = this.#actors.get(actorId)
    if (!history) this.#actors.set(actorId, (history = []))
    return history
  }

  #trim(actorId: ActorId, toVersion: number): number {
    const history = this.#actors.get(actorId) ?? []
    const count = Math.min(indexOf(history, 'version', toVersion + 1), history.length - 1)
    if (count <= 0) return 0
    const gone = new Set(history.splice(0, count))
    this.#log = this.#log.filter((event) => !gone.has(event))
    this.#trimmed.add(actorId)
    return count
  }

  #trimmedVersion(actorId: ActorId): number {
    const [oldest] = this.#actors.get(actorId) ?? []
    return oldest && this.#trimmed.has(actorId) ? oldest.version - 1 : 0
  }
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
