import {
  type ErrorCode,
  grown,
  isAetherError,
  type StoredEvent,
  VersionConflictError,
} from '../../core/index.ts'
import type { AppendResult } from '../../store/index.ts'
import { storeTraced } from '../deciding/append-span.ts'
import { type BatchPlan, type Outcome, planBatch } from '../deciding/batch.ts'
import type { CommandRecord } from '../deciding/command.ts'
import type { Decided } from '../deciding/decide.ts'
import type { ActorState } from '../replay/fold.ts'
import { KnownActor } from './known-actor.ts'
import type { Letter } from './letter.ts'
import { Mailbox } from './mailbox.ts'
import type { Worker } from './turns.ts'

/**
 * One actor in memory. Its commands go one way: mailbox → decided together on speculative state →
 * one conditional append → answered. If another writer was faster, what is known of it is dropped and
 * the same commands are decided again on what is stored. All of that happens in one turn where its state
 * is known and the store has nothing to wait for.
 */
export class LiveActor extends KnownActor implements Worker {
  // One that rests has no mailbox.
  #mailbox: Mailbox | undefined
  #isWorking = false
  /** When it last was done with something, by the monotonic clock: looked at once for a batch. */
  #restingSince = 0
  /** Whether somebody asked it since whoever looks for idle actors was here last. */
  wasAsked = false
  /** Until it is let go. */
  isInMemory = true

  get isIdle(): boolean {
    return !this.#isWorking
  }

  /** How many commands wait for it. */
  get waiting(): number {
    return this.#mailbox?.count ?? 0
  }

  get restingSince(): number {
    return this.#restingSince
  }

  /** @throws AetherError `overloaded` */
  post(letter: Letter): void {
    this.#box().post(letter)
    this.#wake()
  }

  /**
   * Resolves when everything posted before is done; until `release` is called, nothing else happens
   * to the actor. For a decision over several actors.
   * @throws AetherError `overloaded`
   */
  async hold(): Promise<{ release(): void }> {
    const entered = Promise.withResolvers<void>()
    const left = Promise.withResolvers<void>()
    this.#box().post(() => {
      entered.resolve()
      return left.promise
    })
    this.#wake()
    await entered.promise
    return { release: () => left.resolve() }
  }

  /** Does what waits, as far as it can be done at once; the rest as soon as that is there. */
  work(now: number): number {
    const mailbox = this.#box()
    let at = now
    while (!mailbox.isEmpty) {
      const next = mailbox.take(this.around.limits.batchCommands)
      const doing = typeof next === 'function' ? next() : this.#run(next, mailbox, at)
      if (doing) {
        if (doing !== 'storing') this.#goOnBehind(doing)
        return this.around.clock.monotonic()
      }
      // Whoever answers looks at the clock.
      if (next.length > 0) at = this.#restingSince
    }
    this.#mailbox = undefined
    this.#isWorking = false
    return at
  }

  /** Whoever answers looks at the clock. */
  #goOnBehind(doing: Promise<void> | undefined): void {
    if (doing) void doing.then(() => this.work(this.#lookAtClock()))
    else this.work(this.#restingSince)
  }

  #box(): Mailbox {
    this.#mailbox ??= new Mailbox(this.actorId, this.around.limits.mailboxCommands)
    return this.#mailbox
  }

  #wake(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    // Commands that are sent in the same turn belong into the same append.
    this.around.turns.wake(this)
  }

  #lookAtClock(): number {
    this.#restingSince = this.around.clock.monotonic()
    return this.#restingSince
  }

  /**
   * Decides, stores and answers these letters; those that don't fit wait for the next append. Once the store has
   * answered, it goes on by itself: whoever waited for it would take two promises more.
   */
  #run(
    letters: readonly Letter[],
    mailbox: Mailbox,
    now: number,
  ): Promise<void> | 'storing' | undefined {
    if (letters.length === 0) return undefined
    const before = this.lastKnown
    if (!before) return this.#settle(letters, mailbox)
    try {
      const plan = planBatch(before, letters, this, this.around, now)
      const storing = this.#store(letters, plan, before)
      if (!(storing instanceof Promise))
        return this.#conclude(storing, letters, plan, mailbox, before)
      void storing.then(
        (result) => this.#goOnBehind(this.#conclude(result, letters, plan, mailbox, before)),
        (error: unknown) => this.#goOnBehind(this.#failAll(letters, error, mailbox)),
      )
      return 'storing'
    } catch (error) {
      return this.#failAll(letters, error, mailbox)
    }
  }

  /** Almost every append ends well: {@link #settle} would make promises for it. */
  #conclude(
    storing: AppendResult | undefined,
    letters: readonly Letter[],
    plan: BatchPlan,
    mailbox: Mailbox,
    before: ActorState,
  ): Promise<void> | undefined {
    if (!storing?.ok)
      return this.#settle(letters, mailbox, { plan, before, isFresh: false, storing })
    try {
      this.advance(plan.after, storing.events)
      return this.#tell(letters, plan, storing, mailbox)
    } catch (error) {
      return this.#failAll(letters, error, mailbox)
    }
  }

  async #settle(letters: readonly Letter[], mailbox: Mailbox, begun?: Attempt): Promise<void> {
    try {
      let attempt = begun ?? (await this.#beginAnew(letters))
      for (let retriesLeft = this.around.limits.conflictRetries; ; retriesLeft--) {
        const told = await this.#outcomeOf(attempt, retriesLeft)
        if (told) {
          await this.#tell(letters, attempt.plan, told, mailbox)
          return
        }
        this.forget()
        attempt = await this.#beginAnew(letters)
      }
    } catch (error) {
      await this.#failAll(letters, error, mailbox)
    }
  }

  async #beginAnew(letters: readonly Letter[]): Promise<Attempt> {
    const { state: before, isFresh } = await this.state()
    const plan = planBatch(before, letters, this, this.around, this.around.clock.monotonic())
    return { plan, before, isFresh, storing: this.#store(letters, plan, before) }
  }

  /** Nothing where there are no events. */
  #store(
    letters: readonly Letter[],
    { events }: BatchPlan,
    { version: expectedVersion }: ActorState,
  ): AppendResult | Promise<AppendResult> | undefined {
    if (events.length === 0) return undefined
    const { store, tracing } = this.around
    const { actorId } = this
    if (!tracing) return store.appendAtOnce(actorId, events, { expectedVersion })
    return storeTraced(tracing, letters, [{ actorId, events }], () =>
      store.append(actorId, events, { expectedVersion }),
    )
  }

  /** Nothing where another writer was faster. @throws VersionConflictError where it was once too often */
  async #outcomeOf(attempt: Attempt, retriesLeft: number): Promise<Stored | undefined> {
    const { plan, storing } = attempt
    if (!storing) return this.#confirmed(attempt)
    const result = await storing
    if (result.ok) {
      this.advance(plan.after, result.events)
      return result
    }
    if (retriesLeft > 0) return undefined
    const { expectedVersion, currentVersion } = result.conflict
    throw new VersionConflictError(this.actorId, expectedVersion, currentVersion)
  }

  /** No append has confirmed the state that answers without events, a refusal say, rest on. */
  async #confirmed({ before, isFresh }: Attempt): Promise<Stored | undefined> {
    const { store } = this.around
    if (!isFresh && (await store.latestVersion(this.actorId)) !== before.version) return undefined
    return { events: [], position: await this.position() }
  }

  #failAll(
    letters: readonly Letter[],
    error: unknown,
    mailbox: Mailbox,
  ): Promise<void> | undefined {
    this.forget()
    // What is refused for its content may be the fault of one; its neighbours are tried alone.
    if (letters.length > 1 && isAetherError(error) && isOfContent.has(error.code))
      return this.#runEach(letters, mailbox)
    this.around.quarantine.noteFailure(this.actorId, error)
    const at = this.#lookAtClock()
    for (const letter of letters) letter.fail(error, at)
    return undefined
  }

  async #runEach(letters: readonly Letter[], mailbox: Mailbox): Promise<void> {
    for (const letter of letters) await this.#settle([letter], mailbox)
  }

  /** Answers all; those that were answered before, later. */
  #tell(
    letters: readonly Letter[],
    { outcomes }: BatchPlan,
    stored: Stored,
    mailbox: Mailbox,
  ): Promise<void> | undefined {
    let repeats: Repeat[] | undefined
    mailbox.putBack(letters, outcomes.length)
    // What is stored in the turn in which it was decided takes no time.
    const at = this.around.clock.recent()
    this.#restingSince = at
    for (let index = 0; index < outcomes.length; index++) {
      const letter = letters[index] as Letter
      const outcome = outcomes[index] as Outcome
      if (outcome.kind === 'decided') this.#succeed(letter, outcome, stored, at)
      else if (outcome.kind === 'failed') this.#fail(letter, outcome.error, at)
      else repeats = grown(repeats, { letter, record: outcome.record })
    }
    return repeats && this.#answerRepeats(repeats)
  }

  #fail(letter: Letter, error: unknown, at: number): void {
    this.around.quarantine.noteFailure(this.actorId, error)
    letter.fail(error, at)
  }

  #succeed(letter: Letter, decided: Decided, stored: Stored, at: number): void {
    const { firstIndex, after, reply } = decided
    const { length: count } = decided.events
    const { identity } = letter.command
    const { actorId } = this
    if (identity && count === 0) this.memory.noteEventless(identity, after.version, stored.position)
    this.around.quarantine.noteSuccess(actorId)
    const isAll = stored.events.length === count
    const events = isAll ? stored.events : stored.events.slice(firstIndex, firstIndex + count)
    const { version, state } = after
    const position = events.at(-1)?.position ?? stored.position
    letter.answer({ actorId, version, position, events, state, reply }, at)
  }

  async #answerRepeats(repeats: readonly Repeat[]): Promise<void> {
    // In the order of the first time, as the past is read page by page.
    const ordered = repeats.toSorted((a, b) => a.record.firstVersion - b.record.firstVersion)
    for (const { letter, record } of ordered) {
      try {
        letter.answer(await this.recall(record, letter.command))
      } catch (error) {
        letter.fail(error)
      }
    }
  }
}

const isOfContent: ReadonlySet<ErrorCode> = new Set([
  'too-large',
  'invalid-argument',
  'invalid-json',
  'projection-failed',
])

/** Commands that were decided together and are being stored. */
interface Attempt {
  readonly plan: BatchPlan
  readonly before: ActorState
  /** Whether that was read for it. */
  readonly isFresh: boolean
  /** Nothing where there are no events. */
  readonly storing: AppendResult | Promise<AppendResult> | undefined
}

/** What the answers show. */
interface Stored {
  readonly events: readonly StoredEvent[]
  /** Behind all of it. */
  readonly position: number
}

interface Repeat {
  readonly letter: Letter
  readonly record: CommandRecord
}
