import type { ActorId, StoredEvent } from '../../core/index.ts'
import type {
  Commit,
  CommitLog,
  ExpectedVersion,
  VersionRange,
  WriteOutcome,
} from '../../store/index.ts'
import type { ActorReader } from './actor-reader.ts'
import type { CommitWriter } from './commit-writer.ts'
import type { LogReader } from './log-reader.ts'
import type { NatsLink } from './nats-link.ts'

export interface JetStreamCommitLogParts {
  readonly link: NatsLink
  readonly writer: CommitWriter
  readonly actors: ActorReader
  readonly log: LogReader
}

/** A commit log in one JetStream stream: a message a commit, a subject an actor. */
export class JetStreamCommitLog implements CommitLog {
  readonly #parts: JetStreamCommitLogParts

  constructor(parts: JetStreamCommitLogParts) {
    this.#parts = parts
  }

  write(commit: Commit, expectedVersion: ExpectedVersion): Promise<WriteOutcome> {
    return this.#parts.writer.write(commit, expectedVersion)
  }

  async latestVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    return (await this.#parts.actors.head(actorId, signal)).version
  }

  read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncIterable<readonly StoredEvent[]> {
    return this.#parts.actors.read(actorId, range, signal)
  }

  readAll(
    after: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): AsyncIterable<readonly StoredEvent[]> {
    return this.#parts.log.read(after, limit, signal)
  }

  /** Without a connection there is nothing to wait for: writes under way fail at once. */
  async close(): Promise<void> {
    this.#parts.link.beginClosing()
    await this.#parts.writer.idle()
    await this.#parts.link.close()
  }
}
