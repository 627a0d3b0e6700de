import { randomBytes } from 'node:crypto'
import { AetherError, type ActorId } from '../../core/index.ts'
import {
  type Commit,
  type ExpectedVersion,
  placeCommit,
  type WriteOutcome,
} from '../../store/index.ts'
import { type ActorHead, type ActorHeads, noHead } from './actor-heads.ts'
import type { ActorReader } from './actor-reader.ts'
import { ActorTurns } from './actor-turns.ts'
import { encodeBody } from './commit-message.ts'
import type { CommitPublisher } from './commit-publisher.ts'
import { maxEventsPerCommit, positionOf } from './event-position.ts'
import type { EventSubjects } from './event-subjects.ts'
import type { NatsLink } from './nats-link.ts'
import { RetryBudget } from './retry-budget.ts'

export interface CommitWriterContext {
  readonly publisher: CommitPublisher
  readonly reader: ActorReader
  readonly subjects: EventSubjects
  readonly heads: ActorHeads
  readonly link: NatsLink
  readonly retryForMs: number
}

/** Writes commits behind the head of their actor: remembered, or asked for. */
export class CommitWriter {
  readonly #context: CommitWriterContext
  readonly #turns = new ActorTurns()
  readonly #underWay = new Set<Promise<WriteOutcome>>()
  /** Makes the message ids of this writer different from those of any other. */
  readonly #name = randomBytes(12).toString('base64url')
  #writes = 0

  constructor(context: CommitWriterContext) {
    this.#context = context
  }

  async write(commit: Commit, expectedVersion: ExpectedVersion): Promise<WriteOutcome> {
    checkCount(commit)
    const writing =
      expectedVersion === 'any' ? this.#writeInTurn(commit) : this.#writeAt(commit, expectedVersion)
    this.#underWay.add(writing)
    try {
      return await writing
    } finally {
      this.#underWay.delete(writing)
    }
  }

  /** Resolves when no write is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  async #writeAt(commit: Commit, expectedVersion: number): Promise<WriteOutcome> {
    const { reader } = this.#context
    const { actorId } = commit
    const budget = this.#budget()
    let head = this.#rememberedAt(actorId, expectedVersion) ?? (await reader.head(actorId))
    while (head.version === expectedVersion) {
      const outcome = await this.#writeBehind(head, commit)
      if (outcome) return outcome
      const { sequence } = head
      head = await reader.head(actorId)
      // A leader that was replaced and doesn't know it yet doesn't show what came first.
      if (head.sequence === sequence && !(await budget.pause())) throw staleLeader(actorId)
    }
    return { ok: false, currentVersion: head.version }
  }

  /** One after the other: side by side, all but one would be in vain. */
  #writeInTurn(commit: Commit): Promise<WriteOutcome> {
    const { actorId } = commit
    const budget = this.#budget()
    return this.#turns.run(actorId, () => {
      // Whoever waited so long behind others that failed would fail as slowly.
      if (budget.isOver) throw tooLate(actorId)
      return this.#writeAnywhere(commit, budget)
    })
  }

  async #writeAnywhere(commit: Commit, budget: RetryBudget): Promise<WriteOutcome> {
    const { reader, heads } = this.#context
    const { actorId } = commit
    let head = heads.get(actorId) ?? (await reader.head(actorId))
    for (;;) {
      const outcome = await this.#writeBehind(head, commit)
      if (outcome) return outcome
      const mayRepeat = await budget.pause()
      head = await reader.head(actorId)
      if (!mayRepeat) return { ok: false, currentVersion: head.version }
    }
  }

  /** Gives nothing where somebody else was faster. */
  async #writeBehind(head: ActorHead, commit: Commit): Promise<WriteOutcome | undefined> {
    const { publisher, subjects, heads } = this.#context
    const { actorId, events } = commit
    const version = head.version + events.length
    const certainty = await publisher.publish({
      subject: subjects.of(actorId),
      expectedSequence: head.sequence,
      id: `${this.#name}-${++this.#writes}`,
      version,
      body: encodeBody(commit, head.version + 1),
    })
    if (certainty === 'superseded') {
      heads.forget(actorId)
      return undefined
    }
    const { storedAt } = certainty
    heads.learn(actorId, { sequence: storedAt, version })
    const placed = placeCommit(commit, head.version + 1, (index) => positionOf(storedAt, index))
    return { ok: true, events: placed }
  }

  /** What is remembered is only tried: the server decides whether it still holds. */
  #rememberedAt(actorId: ActorId, version: number): ActorHead | undefined {
    const head = this.#context.heads.get(actorId)
    if (head) return head.version === version ? head : undefined
    return version === 0 ? noHead : undefined
  }

  #budget(): RetryBudget {
    return new RetryBudget(this.#context.link, this.#context.retryForMs)
  }
}

function checkCount({ actorId, events }: Commit): void {
  if (events.length <= maxEventsPerCommit) return
  throw new AetherError(
    'too-large',
    `${events.length} events in one append to ${actorId}: NATS takes at most ${maxEventsPerCommit}`,
  )
}

function tooLate(actorId: ActorId): AetherError {
  return new AetherError(
    'store-unavailable',
    `an append to ${actorId} waited too long for those before it: nothing was stored`,
  )
}

function staleLeader(actorId: ActorId): AetherError {
  return new AetherError(
    'store-unavailable',
    `the leader of the stream refuses a write to ${actorId} for one that it doesn't show: nothing was stored`,
  )
}
