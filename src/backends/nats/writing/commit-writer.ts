import { AetherError, type ActorId } from '../../../core/index.ts'
import {
  ActorTurns,
  type Commit,
  type CommitPart,
  firstVersionOf,
  isGuard,
  isMet,
  placePart,
  type WriteOutcome,
} from '../../../store/index.ts'
import { linksBehind, pagesBehind } from '../commits/back-links.ts'
import { encodeBody, encodeGuard } from '../commits/commit-message.ts'
import { maxEventsPerMessage, positionOf } from '../commits/event-position.ts'
import type { EventSubjects } from '../commits/event-subjects.ts'
import type { RetryBudget } from '../connection/retry-budget.ts'
import { type ActorHead, type ActorHeads, isEnoughToWrite, noHead } from '../reading/actor-heads.ts'
import type { ActorReader } from '../reading/actor-reader.ts'
import type { Certainty, CommitPublisher } from './commit-publisher.ts'
import type { ConditionalMessage } from './conditional-publisher.ts'
import { GroupedPublisher } from './grouped-publisher.ts'
import { SyncedPublisher } from './synced-publisher.ts'

export interface CommitWriterContext {
  readonly publisher: CommitPublisher
  /** Whether each message costs a sync of one server's disk. */
  readonly isSyncedAlone: () => boolean
  readonly reader: ActorReader
  readonly subjects: EventSubjects
  readonly heads: ActorHeads
}

/** A part of a commit, and the head of its actor behind which it's to stand. */
interface Placement {
  readonly part: CommitPart
  readonly head: ActorHead
}

/** Writes commits behind the heads of their actors: remembered, or asked for. */
export class CommitWriter {
  readonly #context: CommitWriterContext
  readonly #turns = new ActorTurns()
  /** For commits over several actors. */
  readonly #grouped: GroupedPublisher
  /** For those of one actor, where each costs a sync. */
  readonly #synced: SyncedPublisher

  constructor(context: CommitWriterContext) {
    this.#context = context
    this.#grouped = new GroupedPublisher(context.publisher)
    this.#synced = new SyncedPublisher(context.publisher, this.#grouped)
  }

  /**
   * Those that go anywhere behind the same actor go one after the other: side by side, all but one
   * would be in vain.
   */
  write(commit: Commit): Promise<WriteOutcome> {
    commit.parts.forEach(checkCount)
    const budget = this.#context.publisher.newBudget()
    if (!commit.parts.some(goesAnywhere)) return this.#writeAll(commit, budget)
    const anywhere = commit.parts.filter(goesAnywhere).map((part) => part.actorId)
    const checkTime = (): void => {
      // Whoever waited so long behind others that failed would fail as slowly.
      if (budget.isOver) throw tooLate(commit)
    }
    return this.#turns.runAll(anywhere, () => this.#writeAll(commit, budget), checkTime)
  }

  /** Almost every write ends with its first try; an async function for it would cost a tenth of it. */
  #writeAll(commit: Commit, budget: RetryBudget): Promise<WriteOutcome> {
    const remembered = this.#remembered(commit)
    if (!remembered) return this.#writeAsked(commit, budget)
    return this.#publish(remembered, commit, budget).then(
      (certainty) =>
        this.#learn(certainty, remembered, commit) ?? this.#writeAsked(commit, budget, remembered),
    )
  }

  /** Asks the leader for the heads; `before` it was tried behind these in vain. */
  async #writeAsked(
    commit: Commit,
    budget: RetryBudget,
    before?: readonly Placement[],
  ): Promise<WriteOutcome> {
    for (;;) {
      const mayRepeat = !before || (await this.#mayRepeat(commit, budget))
      const placements = await this.#asked(commit, budget)
      if (before) {
        const superseded = supersededIn(placements, before)
        if (superseded && !mayRepeat) return superseded
        // A leader that was replaced and doesn't know it yet doesn't show what came first.
        if (!superseded && !(await budget.pause())) throw staleLeader(commit)
      }
      const conflict = conflictIn(placements, ({ part, head }) => !isMet(part, head.version))
      if (conflict) return conflict
      const certainty = await this.#publish(placements, commit, budget)
      const outcome = this.#learn(certainty, placements, commit)
      if (outcome) return outcome
      before = placements
    }
  }

  async #mayRepeat({ parts }: Commit, budget: RetryBudget): Promise<boolean> {
    return parts.some(goesAnywhere) ? budget.pause() : !budget.isOver
  }

  #publish(
    placements: readonly Placement[],
    commit: Commit,
    budget: RetryBudget,
  ): Promise<Certainty> {
    if (placements.some(isOfGuard)) return this.#publishGuarded(placements, commit, budget)
    const messages = placements.map((placement) => this.#messageOf(placement, commit))
    if (messages.length > 1) return this.#grouped.publish(messages, budget)
    const { publisher, isSyncedAlone } = this.#context
    return (isSyncedAlone() ? this.#synced : publisher).publish(messages, budget)
  }

  /** The guards come first, so that the newest message of the stream always holds events. */
  #publishGuarded(
    placements: readonly Placement[],
    commit: Commit,
    budget: RetryBudget,
  ): Promise<Certainty> {
    const guards = placements.filter(isOfGuard)
    const ordered = [...guards, ...placements.filter((placement) => !isOfGuard(placement))]
    const inOrder = { ...commit, parts: ordered.map(({ part }) => part) }
    const messages = ordered.map((placement) =>
      isOfGuard(placement)
        ? this.#guardOf(placement, inOrder)
        : this.#messageOf(placement, inOrder),
    )
    return this.#grouped.publish(messages, budget)
  }

  /** Gives nothing where somebody else was faster. */
  #learn(
    certainty: Certainty,
    placements: readonly Placement[],
    commit: Commit,
  ): WriteOutcome | undefined {
    const { heads } = this.#context
    if (certainty === 'superseded') {
      for (const { part } of placements) heads.forget(part.actorId)
      return undefined
    }
    let next = certainty.storedAt
    for (const { part } of placements) if (isGuard(part)) next++
    const parts = placements.map(({ part, head }) => {
      if (isGuard(part)) return []
      const sequence = next++
      const links = linksBehind(head.sequence, head.links)
      const pages = pagesBehind(sequence, links, head.pages)
      heads.learn(part.actorId, { sequence, version: endOf(part, head), links, pages })
      const firstVersion = firstVersionOf(part, head.version)
      return placePart(commit, part, firstVersion, (place) => positionOf(sequence, place))
    })
    return { ok: true, parts }
  }

  /** Without an id, as the body names the commit: docs/decisions/0026-commits-without-message-ids.md. */
  #messageOf({ part, head }: Placement, commit: Commit): ConditionalMessage {
    const { subjects, heads } = this.#context
    const firstVersion = firstVersionOf(part, head.version)
    const links = linksBehind(head.sequence, head.links)
    const body = encodeBody(commit, part, firstVersion, links, head.pages)
    // Before its first message, nothing is known of an actor that it could be learned for.
    if (head.sequence > 0) heads.learnSize(part.actorId, Buffer.byteLength(body))
    return {
      subject: subjects.of(part.actorId),
      expectedSequence: head.sequence,
      version: endOf(part, head),
      body,
    }
  }

  /** Never on the actor's own subject: there, it would be in the way of its writers and of other guards. */
  #guardOf({ part, head }: Placement, commit: Commit): ConditionalMessage {
    const { subjects } = this.#context
    return {
      subject: subjects.guards,
      expectedSubject: subjects.of(part.actorId),
      expectedSequence: head.sequence,
      body: encodeGuard(commit, part),
    }
  }

  /** What is remembered of all actors, if it fits: the server decides whether it still holds. */
  #remembered({ parts }: Commit): readonly Placement[] | undefined {
    const placements: Placement[] = []
    for (const part of parts) {
      const head = this.#context.heads.get(part.actorId) ?? headOfNew(part)
      if (!head || !isMet(part, head.version)) return undefined
      if (!isGuard(part) && !isEnoughToWrite(head)) return undefined
      placements.push({ part, head })
    }
    return placements
  }

  #asked({ parts }: Commit, { deadline }: RetryBudget): Promise<readonly Placement[]> {
    const { reader } = this.#context
    return Promise.all(
      parts.map(async (part) => ({ part, head: await reader.headToWrite(part.actorId, deadline) })),
    )
  }
}

function isOfGuard({ part }: Placement): boolean {
  return isGuard(part)
}

function goesAnywhere({ expected }: CommitPart): boolean {
  return expected === 'any'
}

/** Whoever expects a new actor is believed without asking. */
function headOfNew({ expected }: CommitPart): ActorHead | undefined {
  return expected === 0 ? noHead : undefined
}

/** The version of the part's last event. */
function endOf(part: CommitPart, head: ActorHead): number {
  return firstVersionOf(part, head.version) + part.events.length - 1
}

function conflictIn(
  placements: readonly Placement[],
  isWrong: (placement: Placement, index: number) => boolean,
): WriteOutcome | undefined {
  const partIndex = placements.findIndex(isWrong)
  const wrong = placements[partIndex]
  return wrong && { ok: false, partIndex, currentVersion: wrong.head.version }
}

/** The first one that no longer stands where it was tried. */
function supersededIn(
  placements: readonly Placement[],
  before: readonly Placement[],
): WriteOutcome | undefined {
  return conflictIn(placements, ({ head }, index) => head.sequence !== before[index]?.head.sequence)
}

function checkCount({ actorId, events }: CommitPart): void {
  if (events.length <= maxEventsPerMessage) return
  throw new AetherError(
    'too-large',
    `${events.length} events in one append to ${actorId}: NATS takes at most ${maxEventsPerMessage}`,
  )
}

function namesIn({ parts }: Commit): string {
  const actorIds: ActorId[] = parts.slice(0, 3).map((part) => part.actorId)
  return actorIds.join(', ')
}

function tooLate(commit: Commit): AetherError {
  return new AetherError(
    'store-unavailable',
    `an append to ${namesIn(commit)} waited too long for those before it: nothing was stored`,
  )
}

function staleLeader(commit: Commit): AetherError {
  return new AetherError(
    'store-unavailable',
    `the leader of the stream refuses a write to ${namesIn(commit)} for one that it doesn't show: nothing was stored`,
  )
}
