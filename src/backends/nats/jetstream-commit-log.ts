import type { ActorId } from '../../core/index.ts'
import type {
  AuditEntry,
  Commit,
  CommitLog,
  LogEntry,
  LogIdentity,
  LogRange,
  LogRetention,
  VersionRange,
  WriteOutcome,
} from '../../store/index.ts'
import type { NatsLink } from './connection/nats-link.ts'
import type { DurabilityWatch } from './durability/durability-watch.ts'
import type { ActorReader } from './reading/actor-reader.ts'
import type { GrowthWatch } from './reading/growth-watch.ts'
import type { LogReader } from './reading/log-reader.ts'
import type { CommitWriter } from './writing/commit-writer.ts'

export interface JetStreamCommitLogParts {
  readonly identity: LogIdentity
  readonly link: NatsLink
  readonly durability: DurabilityWatch
  readonly writer: CommitWriter
  readonly actors: ActorReader
  readonly log: LogReader
  readonly growth: GrowthWatch
  readonly retention: LogRetention | undefined
}

/** A commit log in one JetStream stream: a subject an actor, a message an actor in each commit. */
export class JetStreamCommitLog implements CommitLog {
  readonly identity: LogIdentity
  readonly retention: LogRetention | undefined
  readonly #parts: JetStreamCommitLogParts

  constructor(parts: JetStreamCommitLogParts) {
    this.identity = parts.identity
    this.retention = parts.retention
    this.#parts = parts
  }

  write(commit: Commit): Promise<WriteOutcome> {
    const { durability, writer } = this.#parts
    return durability.doubt?.then(() => writer.write(commit)) ?? writer.write(commit)
  }

  async latestVersion(actorId: ActorId, signal: AbortSignal | undefined): Promise<number> {
    return (await this.#parts.actors.head(actorId, signal)).version
  }

  read(
    actorId: ActorId,
    range: VersionRange,
    signal: AbortSignal | undefined,
  ): AsyncIterable<readonly LogEntry[]> {
    return this.#parts.actors.read(actorId, range, signal)
  }

  readAll(range: LogRange, signal: AbortSignal | undefined): AsyncIterable<readonly LogEntry[]> {
    return this.#parts.log.read(range, signal)
  }

  lastPosition(signal: AbortSignal | undefined): Promise<number> {
    return this.#parts.log.lastPosition(signal)
  }

  endsBefore(position: number, signal: AbortSignal | undefined): Promise<boolean> {
    return this.#parts.log.endsBefore(position, signal)
  }

  remaining(position: number, signal: AbortSignal | undefined): Promise<number> {
    return this.#parts.log.remaining(position, signal)
  }

  audit(after: number, signal: AbortSignal | undefined): AsyncIterable<readonly AuditEntry[]> {
    return this.#parts.log.audit(after, signal)
  }

  watch(wake: () => void): Promise<AsyncDisposable> {
    return this.#parts.growth.add(wake)
  }

  /** Without a connection there is nothing to wait for: writes under way fail at once. */
  beginClosing(): void {
    this.#parts.link.beginClosing()
  }

  /** The connection ends whatever comes of the rest. */
  async close(): Promise<void> {
    const { growth, link } = this.#parts
    try {
      await growth.close()
    } finally {
      await link.close()
    }
  }
}
