import type { ActorId, JsonValue, StoredEvent } from '../../core/index.ts'
import {
  type Commit,
  type CommitLog,
  type ExpectedVersion,
  placeCommit,
  type VersionRange,
  type WriteOutcome,
} from '../../store/index.ts'

/** An event as it is kept: data as text, so that nobody can change what happened. */
type KeptEvent = Omit<StoredEvent, 'data'> & { readonly json: string }

/** How many events a read hands over at once. */
const batchSize = 500

/** The executable specification of a commit log. */
export class MemoryCommitLog implements CommitLog {
  readonly #log: KeptEvent[] = []
  readonly #actors = new Map<ActorId, KeptEvent[]>()

  async write(commit: Commit, expectedVersion: ExpectedVersion): Promise<WriteOutcome> {
    const history = this.#actors.get(commit.actorId) ?? []
    const currentVersion = history.length
    if (expectedVersion !== 'any' && expectedVersion !== currentVersion)
      return { ok: false, currentVersion }
    const end = this.#log.length
    const events = placeCommit(commit, currentVersion + 1, (index) => end + index + 1)
    this.#actors.set(commit.actorId, history)
    for (const event of events) {
      const kept = keep(event)
      history.push(kept)
      this.#log.push(kept)
    }
    return { ok: true, events }
  }

  async latestVersion(actorId: ActorId): Promise<number> {
    return this.#actors.get(actorId)?.length ?? 0
  }

  async *read(
    actorId: ActorId,
    { first, last }: VersionRange,
  ): AsyncGenerator<readonly StoredEvent[]> {
    yield* inBatches(this.#actors.get(actorId) ?? [], first - 1, last)
  }

  async *readAll(after: number): AsyncGenerator<readonly StoredEvent[]> {
    yield* inBatches(this.#log, after, Infinity)
  }

  async close(): Promise<void> {}
}

function keep({ data, ...rest }: StoredEvent): KeptEvent {
  return { ...rest, json: JSON.stringify(data) }
}

function restore({ json, metadata, ...place }: KeptEvent): StoredEvent {
  return { ...place, data: JSON.parse(json) as JsonValue, metadata }
}

/** What stands in the list when the read begins, and nothing that is added meanwhile. */
function* inBatches(
  events: readonly KeptEvent[],
  from: number,
  to: number,
): Generator<readonly StoredEvent[]> {
  const end = Math.min(events.length, to)
  for (let start = from; start < end; start += batchSize) {
    yield events.slice(start, Math.min(start + batchSize, end)).map(restore)
  }
}
