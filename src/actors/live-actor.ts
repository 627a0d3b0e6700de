import {
  type ActorId,
  type Clock,
  type ErrorCode,
  isAetherError,
  type StoredEvent,
  VersionConflictError,
} from '../core/index.ts'
import type { EventStore } from '../store/index.ts'
import { Answers } from './answers.ts'
import { type BatchPlan, type Outcome, planBatch } from './batch.ts'
import { CommandMemory, type CommandRecord } from './command-memory.ts'
import type { Command, CommandResult } from './command.ts'
import type { ActorState } from './fold.ts'
import { History } from './history.ts'
import type { ActorLimits } from './limits.ts'
import { type Letter, Mailbox } from './mailbox.ts'
import type { ActorModel } from './model.ts'

export interface LiveActorComponents {
  readonly store: EventStore
  readonly clock: Clock
  readonly limits: ActorLimits
}

/**
 * One actor in memory. Its commands go one way: mailbox → decided together on speculative state →
 * one conditional append → answered. If another writer was faster, its memory is dropped and the
 * same commands are decided again on what is stored.
 */
export class LiveActor {
  readonly #model: ActorModel
  readonly #actorId: ActorId
  readonly #components: LiveActorComponents
  readonly #history: History
  readonly #answers: Answers
  readonly #mailbox: Mailbox
  #memory: CommandMemory
  #current: ActorState | undefined
  #working: Promise<void> | undefined

  constructor(model: ActorModel, actorId: ActorId, components: LiveActorComponents) {
    this.#model = model
    this.#actorId = actorId
    this.#components = components
    this.#history = new History(components.store, model, actorId)
    this.#answers = new Answers(model, this.#history)
    this.#mailbox = new Mailbox(actorId, components.limits.mailboxCommands)
    this.#memory = new CommandMemory(components.limits.rememberedCommands)
  }

  get isIdle(): boolean {
    return this.#working === undefined
  }

  /** What it was after the last append that it knows of; another process may have gone on. */
  get lastKnown(): ActorState | undefined {
    return this.#current
  }

  send(command: Command, signal: AbortSignal | undefined): Promise<CommandResult> {
    const answer = this.#mailbox.post(command, signal)
    this.#working ??= this.#work()
    return answer
  }

  async #work(): Promise<void> {
    // Commands that are sent in the same turn belong into the same append.
    await Promise.resolve()
    while (this.#mailbox.size > 0)
      await this.#run(this.#mailbox.take(this.#components.limits.batchCommands))
    this.#working = undefined
  }

  /** Decides, stores and answers these letters; those that don't fit wait for the next append. */
  async #run(letters: readonly Letter[]): Promise<void> {
    try {
      const plan = await this.#store(letters)
      const taken = letters.slice(0, plan.outcomes.length)
      this.#mailbox.putBack(letters.slice(plan.outcomes.length))
      await this.#answer(taken, plan)
    } catch (error) {
      // The state in memory may be behind or ahead of what is stored: only the store knows.
      this.#forget()
      // What is refused for its content may be the fault of one; its neighbours are tried alone.
      if (letters.length > 1 && isAetherError(error) && isOfContent.has(error.code)) {
        for (const letter of letters) await this.#run([letter])
      } else {
        for (const letter of letters) letter.fail(error)
      }
    }
  }

  async #store(letters: readonly Letter[]): Promise<StoredPlan> {
    const { store, limits } = this.#components
    for (let retriesLeft = limits.conflictRetries; ; retriesLeft--) {
      const isFresh = this.#current === undefined
      const before = (this.#current ??= await this.#load())
      const plan = this.#plan(before, letters)
      if (plan.events.length > 0) {
        const result = await store.append(this.#actorId, plan.events, {
          expectedVersion: before.version,
        })
        if (result.ok) return this.#advance(plan, result.events)
        if (retriesLeft <= 0) {
          const { currentVersion } = result.conflict
          throw new VersionConflictError(this.#actorId, before.version, currentVersion)
        }
      } else if (isFresh || (await store.latestVersion(this.#actorId)) === before.version) {
        // No append has confirmed the state that these answers, a refusal say, rest on.
        return { ...plan, stored: [] }
      }
      this.#forget()
    }
  }

  #plan(before: ActorState, letters: readonly Letter[]): BatchPlan {
    const commands = letters.map((letter) => letter.command)
    return planBatch(before, commands, {
      model: this.#model,
      actorId: this.#actorId,
      memory: this.#memory,
      maxEvents: this.#components.limits.batchEvents,
      now: this.#components.clock.now(),
    })
  }

  #advance(plan: BatchPlan, stored: readonly StoredEvent[]): StoredPlan {
    this.#current = plan.after
    // Who sends new commands is done with sending old ones again.
    this.#answers.forget()
    for (const event of stored) this.#memory.note(event)
    return { ...plan, stored }
  }

  async #load(): Promise<ActorState> {
    this.#forget()
    const memory = this.#memory
    return this.#history.replay({ visit: (event) => memory.note(event) })
  }

  #forget(): void {
    this.#current = undefined
    this.#memory = new CommandMemory(this.#components.limits.rememberedCommands)
  }

  async #answer(letters: readonly Letter[], plan: StoredPlan): Promise<void> {
    const repeats: Repeat[] = []
    letters.forEach((letter, index) => {
      const outcome = outcomeAt(plan, index)
      if (outcome.kind === 'failed') letter.fail(outcome.error)
      else if (outcome.kind === 'decided') letter.answer(this.#resultOf(outcome, plan.stored))
      else repeats.push({ letter, record: outcome.record })
    })
    if (repeats.length > 0) await this.#answerRepeats(repeats, plan.after)
  }

  async #answerRepeats(repeats: readonly Repeat[], now: ActorState): Promise<void> {
    // In the order of the first time, as the past is read page by page.
    const ordered = repeats.toSorted((a, b) => a.record.firstVersion - b.record.firstVersion)
    for (const { letter, record } of ordered) {
      try {
        letter.answer(await this.#answers.of(record, now))
      } catch (error) {
        letter.fail(error)
      }
    }
  }

  #resultOf(outcome: Outcome & { kind: 'decided' }, stored: readonly StoredEvent[]): CommandResult {
    const { firstIndex, count, after } = outcome
    const events = stored.slice(firstIndex, firstIndex + count)
    return { actorId: this.#actorId, version: after.version, events, state: after.state }
  }
}

const isOfContent: ReadonlySet<ErrorCode> = new Set([
  'too-large',
  'invalid-argument',
  'invalid-json',
])

type StoredPlan = BatchPlan & { readonly stored: readonly StoredEvent[] }

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
