import type { ActorId, StoredEvent } from '../../core/index.ts'
import {
  type Commit,
  type CommitLog,
  type CommitPart,
  firstVersionOf,
  isMet,
  type LogRange,
  placePart,
  type VersionRange,
  type WriteOutcome,
} from '../../store/index.ts'

/** How many events a read hands over at once. */
const batchSize = 500

/** The executable specification of a commit log. */
export class MemoryCommitLog implements CommitLog {
  readonly #log: StoredEvent[] = []
  readonly #actors = new Map<ActorId, StoredEvent[]>()
  readonly #watchers = new Set<() => void>()

  async write(commit: Commit): Promise<WriteOutcome> {
    const { parts } = commit
    const partIndex = parts.findIndex((part) => !isMet(part, this.#versionOf(part.actorId)))
    const wrong = parts[partIndex]
    if (wrong) return { ok: false, partIndex, currentVersion: this.#versionOf(wrong.actorId) }
    const placed = parts.map((part) => this.#place(commit, part))
    for (const wake of this.#watchers) wake()
    return { ok: true, parts: placed }
  }

  async latestVersion(actorId: ActorId): Promise<number> {
    return this.#versionOf(actorId)
  }

  async lastPosition(): Promise<number> {
    return this.#log.length
  }

  async *read(actorId: ActorId, range: VersionRange): AsyncGenerator<readonly StoredEvent[]> {
    const { first, last, direction } = range
    const history = this.#actors.get(actorId) ?? []
    const wanted = history.slice(indexOf(history, first), indexOf(history, last + 1))
    yield* inBatches(direction === 'forwards' ? wanted : wanted.toReversed())
  }

  async *readAll({ after }: LogRange): AsyncGenerator<readonly StoredEvent[]> {
    yield* inBatches(this.#log.slice(after))
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
    const end = this.#log.length
    const firstVersion = firstVersionOf(part, this.#versionOf(part.actorId))
    const events = placePart(commit, part, firstVersion, (index) => end + index + 1)
    this.#keep(part.actorId, events)
    return events
  }

  #versionOf(actorId: ActorId): number {
    return this.#actors.get(actorId)?.at(-1)?.version ?? 0
  }

  #keep(actorId: ActorId, events: readonly StoredEvent[]): void {
    // Data and metadata are frozen already, so nobody who is given an event can change what happened.
    for (const event of events) Object.freeze(event)
    const history = this.#actors.get(actorId)
    if (history) history.push(...events)
    else this.#actors.set(actorId, [...events])
    this.#log.push(...events)
  }
}

/** Of the first event with this version or a greater one. */
function indexOf(history: readonly StoredEvent[], version: number): number {
  let [low, high] = [0, history.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((history[middle] as StoredEvent).version < version) low = middle + 1
    else high = middle
  }
  return low
}

/** Only what is taken. */
function* inBatches(events: readonly StoredEvent[]): Generator<readonly StoredEvent[]> {
  for (let start = 0; start < events.length; start += batchSize)
    yield events.slice(start, start + batchSize)
}
