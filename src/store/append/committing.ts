import { checkActorId } from '../../core/index.ts'
import type { CommitLog, WriteOutcome } from '../commit-log.ts'
import { type Commit, type CommitContext, makeCommit, type OfferedPart } from './commit.ts'
import type { Known, KnownVersions } from './known-versions.ts'
import type { ObservedWrites } from './observed-writes.ts'
import { findRepeat } from './repeat.ts'
import type { StoreOutcome } from './store-outcome.ts'
import type { StoredListeners } from './stored-listeners.ts'
import type { UnderWay } from './under-way.ts'

interface Around {
  readonly log: CommitLog
  /** Where commits go on their way into the log. */
  readonly writer: Pick<CommitLog, 'write'>
  readonly observed: ObservedWrites
  readonly context: CommitContext
  readonly known: KnownVersions
  readonly listeners: StoredListeners
  readonly underWay: UnderWay
}

/** How often a commit at `'any'` that has to look for its repeat tries to get in. */
const maxRepeatableTries = 100

/** How what is offered becomes a commit, and gets into the log once. */
export class Committing {
  readonly #around: Around

  constructor(around: Around) {
    this.#around = around
  }

  /**
   * Gives the outcome itself where the log had nothing to wait for.
   * @param signal counts before anything is sent
   * @throws AetherError `invalid-actor-id`, `invalid-argument`, `invalid-json`, `too-large`, and those of
   * the log; the signal's reason
   */
  store(
    offered: readonly OfferedPart[],
    signal: AbortSignal | undefined,
  ): StoreOutcome | Promise<StoreOutcome> {
    const known = this.#recall(offered)
    const commit = makeCommit(offered, this.#around.context)
    signal?.throwIfAborted()
    if (commit.isNamed) return this.#untilDone(this.#storeRepeatable(commit, signal))
    return this.#write(commit, known)
  }

  /**
   * What is known of the actor, where it is one. An id that is remembered was looked at before.
   * @throws AetherError `invalid-actor-id`
   */
  #recall(offered: readonly OfferedPart[]): Known | undefined {
    let known: Known | undefined
    for (const { actorId } of offered) {
      known = this.#around.known.use(actorId)
      if (!known) checkActorId(actorId)
    }
    return offered.length === 1 ? known : undefined
  }

  /** Closing waits for it. */
  #untilDone(storing: Promise<StoreOutcome>): Promise<StoreOutcome> {
    this.#around.underWay.enter(storing)
    return storing
  }

  #storeRepeatable(commit: Commit, signal: AbortSignal | undefined): Promise<StoreOutcome> {
    const isAnywhere = commit.parts.some(({ expected }) => expected === 'any')
    return isAnywhere ? this.#storeOnceAnywhere(commit, signal) : this.#storeOnce(commit)
  }

  /** A conflict is first compared with what stands there: it may be this very commit, repeated. */
  async #storeOnce(commit: Commit): Promise<StoreOutcome> {
    return this.#settle(commit, await this.#write(commit))
  }

  async #settle(commit: Commit, outcome: WriteOutcome): Promise<StoreOutcome> {
    const repeat = outcome.ok ? undefined : await findRepeat(this.#around.log, commit)
    return repeat ? { ok: true, parts: repeat, duplicate: true } : outcome
  }

  /** A part at `'any'` never conflicts by itself: it looks for its repeat before each guarded try. */
  async #storeOnceAnywhere(commit: Commit, signal: AbortSignal | undefined): Promise<StoreOutcome> {
    for (let triesLeft = maxRepeatableTries; ; triesLeft--) {
      const pinned = await this.#pin(commit)
      const repeat = await findRepeat(this.#around.log, commit)
      if (repeat) return { ok: true, parts: repeat, duplicate: true }
      // Of the tries before it is certain that they stored nothing.
      signal?.throwIfAborted()
      const outcome = await this.#write(pinned)
      if (outcome.ok || triesLeft === 0) return outcome
      // Where another part stands elsewhere, no further try can succeed: it's a conflict, or it was
      // this very commit that got in meanwhile.
      if (commit.parts[outcome.partIndex]?.expected !== 'any') return this.#settle(commit, outcome)
    }
  }

  #write(commit: Commit, known?: Known): WriteOutcome | Promise<WriteOutcome> {
    const since = this.#around.observed.begin()
    const outcome = this.#around.writer.write(commit)
    return outcome instanceof Promise
      ? this.#whenWritten(commit, outcome, since, known)
      : this.#told(commit, outcome, since, known)
  }

  /** The way of almost every commit: each step of its own would make a promise more. */
  async #whenWritten(
    commit: Commit,
    writing: Promise<WriteOutcome>,
    since: number,
    known: Known | undefined,
  ): Promise<WriteOutcome> {
    const { underWay, observed } = this.#around
    underWay.begin()
    try {
      return this.#told(commit, await writing, since, known)
    } catch (failure) {
      observed.failed(failure, since)
      throw failure
    } finally {
      underWay.end()
    }
  }

  /** Every outcome goes through here, so that what is acknowledged first is told first. */
  #told(commit: Commit, outcome: WriteOutcome, since: number, known?: Known): WriteOutcome {
    this.#around.observed.ended(commit, outcome, since)
    this.#around.known.learnFromWrite(commit, outcome, known)
    if (outcome.ok) this.#around.listeners.tell(outcome.parts)
    return outcome
  }

  /** The same commit, expecting each actor where it stands now. */
  async #pin(commit: Commit): Promise<Commit> {
    const { log } = this.#around
    const parts = commit.parts.map(async (part) =>
      part.expected === 'any'
        ? { ...part, expected: await log.latestVersion(part.actorId, undefined) }
        : part,
    )
    return { ...commit, parts: await Promise.all(parts) }
  }
}
