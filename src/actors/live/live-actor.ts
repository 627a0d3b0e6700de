import {
  type ActorId,
  type ErrorCode,
  isAetherError,
  type StoredEvent,
  type Tracing,
  VersionConflictError,
} from '../../core/index.ts'
import type { AppendResult } from '../../store/index.ts'
import { Answers } from '../deciding/answers.ts'
import { storeTraced } from '../deciding/append-span.ts'
import { type BatchPlan, type Outcome, planBatch } from '../deciding/batch.ts'
import { CommandMemory, type CommandRecord } from '../deciding/command-memory.ts'
import type { CommandResult } from '../deciding/command.ts'
import type { Replying } from '../deciding/decide.ts'
import type { ActorModel } from '../definition/model.ts'
import type { ActorState } from '../replay/fold.ts'
import { History } from '../replay/history.ts'
import type { Letter } from './letter.ts'
import { Mailbox } from './mailbox.ts'
import type { Surroundings } from './surroundings.ts'

/**
 * One actor in memory. Its commands go one way: mailbox → decided together on speculative state →
 * one conditional append → answered. If another writer was faster, its memory is dropped and the
 * same commands are decided again on what is stored.
 */
export class LiveActor {
  readonly actorId: ActorId
  readonly model: ActorModel
  readonly #around: Surroundings
  // An actor that rests has nothing but its state.
  #mailbox: Mailbox | undefined
  #memory: CommandMemory | undefined
  #answers: Answers | undefined
  #current: ActorState | undefined
  /** Where the event that led to its state stands in the log; unknown where a snapshot did. */
  #position: number | undefined
  #isWorking = false
  /** The version of the state that was kept last. */
  #keptVersion = 0
  /** When it last was done with something, by the monotonic clock: looked at once for a batch. */
  #restingSince = 0
  /** Whether somebody asked it since whoever looks for idle actors was here last. */
  wasAsked = false

  constructor(model: ActorModel, actorId: ActorId, around: Surroundings) {
    this.actorId = actorId
    this.model = model
    this.#around = around
  }

  get isIdle(): boolean {
    return !this.#isWorking
  }

  get type(): string {
    return this.model.type
  }

  /** How many commands wait for it. */
  get waiting(): number {
    return this.#mailbox?.count ?? 0
  }

  get restingSince(): number {
    return this.#restingSince
  }

  /** What it was after the last append that it knows of; another process may have gone on. */
  get lastKnown(): ActorState | undefined {
    return this.#current
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

  /**
   * Its newest known state, and whether it was read just now. Only for who holds it.
   * @throws AetherError `malformed-event`, `actor-failed`, and those of the store
   */
  async state(): Promise<{ readonly state: ActorState; readonly isFresh: boolean }> {
    const isFresh = this.#current === undefined
    const state = (this.#current ??= await this.#load())
    return { state, isFresh }
  }

  /** The commands that it remembers. Only for who holds it. */
  get memory(): CommandMemory {
    this.#memory ??= new CommandMemory(this.#around.limits.rememberedCommands)
    return this.#memory
  }

  /** Takes over what was stored behind its state. Only for who holds it. */
  advance(after: ActorState, stored: readonly StoredEvent[]): void {
    this.#current = after
    this.#position = stored.at(-1)?.position ?? this.#position
    // Who sends new commands is done with sending old ones again.
    this.#answers = undefined
    for (const event of stored) if (event.metadata['commandId']) this.memory.note(event)
    if (after.version - this.#keptVersion >= this.model.snapshotEvery) this.#keep(after)
  }

  /** The state in memory may be behind or ahead of what is stored: only the store knows. */
  forget(): void {
    this.#current = undefined
    this.#memory = undefined
  }

  /** Where what is known of it stands in the log, or further. Only for who holds it. */
  async position(): Promise<number> {
    this.#position ??= await this.#around.store.lastPosition()
    return this.#position
  }

  /** How a command that is remembered was answered. Only for who holds it. */
  async recall(record: CommandRecord, command: Replying): Promise<CommandResult> {
    this.#answers ??= new Answers(this.model, this.#history, async (maxVersion) => {
      const kept = await this.#around.snapshots.load(this.model, this.actorId, { maxVersion })
      return kept?.state
    })
    const now = { ...(this.#current as ActorState), position: await this.position() }
    return this.#answers.of(record, command, now)
  }

  #box(): Mailbox {
    this.#mailbox ??= new Mailbox(this.actorId, this.#around.limits.mailboxCommands)
    return this.#mailbox
  }

  get #history(): History {
    return new History(this.#around.store, this.model, this.actorId)
  }

  #wake(): void {
    if (this.#isWorking) return
    this.#isWorking = true
    void this.#work()
  }

  async #work(): Promise<void> {
    // Commands that are sent in the same turn belong into the same append.
    await Promise.resolve()
    const mailbox = this.#box()
    while (!mailbox.isEmpty) {
      const next = mailbox.take(this.#around.limits.batchCommands)
      if (typeof next === 'function') {
        await next()
        this.#lookAtClock()
      } else if (next.length > 0) await this.#run(next, mailbox)
    }
    this.#mailbox = undefined
    this.#isWorking = false
  }

  #lookAtClock(): number {
    this.#restingSince = this.#around.clock.monotonic()
    return this.#restingSince
  }

  /** Decides, stores and answers these letters; those that don't fit wait for the next append. */
  async #run(letters: readonly Letter[], mailbox: Mailbox): Promise<void> {
    try {
      for (let retriesLeft = this.#around.limits.conflictRetries; ; retriesLeft--) {
        const isFresh = this.#current === undefined
        const before = (this.#current ??= await this.#load())
        const plan = this.#plan(before, letters)
        const told =
          plan.events.length > 0
            ? this.#stored(plan, await this.#append(letters, plan, before.version), retriesLeft)
            : await this.#confirmed(plan, before, isFresh)
        if (!told) this.forget()
        else {
          const repeats = this.#tell(letters, told, mailbox)
          if (repeats.length > 0) await this.#answerRepeats(repeats)
          return
        }
      }
    } catch (error) {
      await this.#failAll(letters, error, mailbox)
    }
  }

  #append(
    letters: readonly Letter[],
    plan: BatchPlan,
    expectedVersion: number,
  ): Promise<AppendResult> {
    const { store, tracing } = this.#around
    return tracing
      ? this.#appendTraced(tracing, letters, plan, expectedVersion)
      : store.append(this.actorId, plan.events, { expectedVersion })
  }

  /** Nothing where another writer was faster. @throws VersionConflictError where it was once too often */
  #stored(plan: BatchPlan, result: AppendResult, retriesLeft: number): StoredPlan | undefined {
    if (result.ok) {
      this.advance(plan.after, result.events)
      return { plan, stored: result.events, position: result.position }
    }
    if (retriesLeft > 0) return undefined
    const { expectedVersion, currentVersion } = result.conflict
    throw new VersionConflictError(this.actorId, expectedVersion, currentVersion)
  }

  /** No append has confirmed the state that answers without events, a refusal say, rest on. */
  async #confirmed(
    plan: BatchPlan,
    { version }: ActorState,
    isFresh: boolean,
  ): Promise<StoredPlan | undefined> {
    if (!isFresh && (await this.#around.store.latestVersion(this.actorId)) !== version)
      return undefined
    return { plan, stored: [], position: await this.position() }
  }

  async #failAll(letters: readonly Letter[], error: unknown, mailbox: Mailbox): Promise<void> {
    this.forget()
    // What is refused for its content may be the fault of one; its neighbours are tried alone.
    if (letters.length > 1 && isAetherError(error) && isOfContent.has(error.code)) {
      for (const letter of letters) await this.#run([letter], mailbox)
      return
    }
    this.#around.quarantine.noteFailure(this.actorId, error)
    const at = this.#lookAtClock()
    for (const letter of letters) letter.fail(error, at)
  }

  #appendTraced(
    tracing: Tracing,
    letters: readonly Letter[],
    { events }: BatchPlan,
    expectedVersion: number,
  ): Promise<AppendResult> {
    const { actorId } = this
    const { store } = this.#around
    return storeTraced(tracing, letters, [{ actorId, events }], () =>
      store.append(actorId, events, { expectedVersion }),
    )
  }

  #plan(before: ActorState, letters: readonly Letter[]): BatchPlan {
    const { limits, clock, logger } = this.#around
    return planBatch(before, letters, {
      model: this.model,
      actorId: this.actorId,
      memory: this.#memory,
      maxEvents: limits.batchEvents,
      slowAfterMs: limits.slowDecisionMs,
      clock,
      logger,
    })
  }

  async #load(): Promise<ActorState> {
    this.forget()
    const { snapshots, clock, limits, observer } = this.#around
    const kept = await snapshots.load(this.model, this.actorId)
    if (kept && kept.commands.length > 0) this.memory.restore(kept.commands)
    this.#position = kept ? undefined : 0
    const start = clock.monotonic()
    let events = 0
    const state = await this.#history.replay({
      from: kept?.state,
      visit: (event) => {
        this.#position = event.position
        events++
        if (event.metadata['commandId']) this.memory.note(event)
      },
    })
    this.#keptVersion = kept?.state.version ?? 0
    const ms = clock.monotonic() - start
    observer.loaded(this.type, { events, ms })
    if (ms >= limits.longReplayMs && state.version > this.#keptVersion) this.#keep(state)
    return state
  }

  #keep(state: ActorState): void {
    this.#keptVersion = state.version
    this.#around.snapshots.offer(this.model, this.actorId, state, this.#memory)
  }

  /** Answers all but those that were answered before. */
  #tell(letters: readonly Letter[], told: StoredPlan, mailbox: Mailbox): readonly Repeat[] {
    const { plan } = told
    const repeats: Repeat[] = []
    mailbox.putBack(letters, plan.outcomes.length)
    const at = this.#lookAtClock()
    for (let index = 0; index < plan.outcomes.length; index++) {
      const letter = letters[index] as Letter
      const outcome = outcomeAt(plan, index)
      if (outcome.kind === 'failed') this.#fail(letter, outcome.error, at)
      else if (outcome.kind === 'decided') this.#succeed(letter, outcome, told, at)
      else repeats.push({ letter, record: outcome.record })
    }
    return repeats
  }

  #fail(letter: Letter, error: unknown, at: number): void {
    this.#around.quarantine.noteFailure(this.actorId, error)
    letter.fail(error, at)
  }

  #succeed(
    letter: Letter,
    outcome: Decided,
    { stored, position: last }: StoredPlan,
    at: number,
  ): void {
    const { firstIndex, count, after, reply } = outcome
    const { identity } = letter.command
    if (identity && count === 0) this.memory.noteEventless(identity, after.version, last)
    this.#around.quarantine.noteSuccess(this.actorId)
    const isAll = stored.length === count
    const events = isAll ? stored : stored.slice(firstIndex, firstIndex + count)
    const { version, state } = after
    const position = events.at(-1)?.position ?? last
    letter.answer({ actorId: this.actorId, version, position, events, state, reply }, at)
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
])

interface StoredPlan {
  readonly plan: BatchPlan
  readonly stored: readonly StoredEvent[]
  /** Behind all that the answers show. */
  readonly position: number
}
type Decided = Outcome & { readonly kind: 'decided' }

interface Repeat {
  readonly letter: Letter
  readonly record: CommandRecord
}

/** The outcome of one command, also where it shares that of an earlier one. */
function outcomeAt({ outcomes }: BatchPlan, index: number): Exclude<Outcome, { kind: 'shared' }> {
  const outcome = outcomes[index] as Outcome
  if (outcome.kind !== 'shared') return outcome
  return outcomes[outcome.outcomeIndex] as Exclude<Outcome, { kind: 'shared' }>
}
