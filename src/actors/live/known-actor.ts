import type { ActorId, StoredEvent } from '../../core/index.ts'
import { Answers } from '../deciding/answers.ts'
import { CommandMemory } from '../deciding/command-memory.ts'
import type { CommandRecord, CommandResult } from '../deciding/command.ts'
import type { Replying } from '../deciding/decide.ts'
import type { ActorModel } from '../definition/model.ts'
import type { ActorState } from '../replay/fold.ts'
import { History } from '../replay/history.ts'
import type { KeptState } from './snapshot-keeper.ts'
import type { Surroundings } from './surroundings.ts'

/** So many are read again in vain where an actor got more than it was thought to have. */
const maxFewEvents = 500

/** What a process knows of one actor: its state, where that stands in the log, and what led to it. */
export class KnownActor {
  readonly actorId: ActorId
  readonly model: ActorModel
  /** What all actors of the process share. */
  protected readonly around: Surroundings
  // One that rests has nothing but its state.
  #memory: CommandMemory | undefined
  #answers: Answers | undefined
  #current: ActorState | undefined
  /** Where the event that led to its state stands in the log; unknown where a snapshot did. */
  #position: number | undefined
  /** The version of the state that was kept last. */
  #keptVersion = 0

  constructor(model: ActorModel, actorId: ActorId, around: Surroundings) {
    this.actorId = actorId
    this.model = model
    this.around = around
  }

  /** What it was after the last append that is known of; another process may have gone on. */
  get lastKnown(): ActorState | undefined {
    return this.#current
  }

  get type(): string {
    return this.model.type
  }

  /**
   * Its newest known state, and whether it was read just now.
   * @throws AetherError `malformed-event`, `actor-failed`, and those of the store
   */
  async state(): Promise<{ readonly state: ActorState; readonly isFresh: boolean }> {
    const isFresh = this.#current === undefined
    const state = (this.#current ??= await this.#load())
    return { state, isFresh }
  }

  /** Its commands, where any are remembered. */
  get memoryIfAny(): CommandMemory | undefined {
    return this.#memory
  }

  /** The commands that it remembers. */
  get memory(): CommandMemory {
    this.#memory ??= new CommandMemory(this.around.limits.rememberedCommands)
    return this.#memory
  }

  /** Takes over what was stored behind its state. */
  advance(after: ActorState, stored: readonly StoredEvent[]): void {
    this.#current = after
    this.#position = stored.at(-1)?.position ?? this.#position
    for (const event of stored) if (event.metadata['commandId']) this.memory.note(event)
    if (after.version - this.#keptVersion >= this.model.snapshotEvery)
      this.#keep(after, stored.at(-1))
  }

  /** The state in memory may be behind or ahead of what is stored: only the store knows. */
  forget(): void {
    this.#current = undefined
    // Of a command that made no event nothing is stored.
    this.#memory = this.#memory?.withoutEvents()
  }

  /** Where what is known of it stands in the log, or further. */
  async position(): Promise<number> {
    this.#position ??= await this.around.store.lastPosition()
    return this.#position
  }

  /** How a command that is remembered was answered. */
  async recall(record: CommandRecord, command: Replying): Promise<CommandResult> {
    this.#answers ??= new Answers(this.model, this.#history, async (maxVersion) => {
      const kept = await this.around.snapshots.load(this.model, this.actorId, { maxVersion })
      return kept?.state
    })
    const now = { ...(this.#current as ActorState), position: await this.position() }
    return this.#answers.of(record, command, now, this.memory.oldestVersion)
  }

  /** Lets go what it has in memory of its past only to answer more commands that come again. */
  tidyUp(): void {
    this.#answers?.closePage()
  }

  get #history(): History {
    return new History(this.around.store, this.model, this.actorId)
  }

  async #load(): Promise<ActorState> {
    this.forget()
    const { snapshots, clock, limits, observer } = this.around
    let events = 0
    let last: StoredEvent | undefined
    const visit = (event: StoredEvent): void => {
      last = event
      this.#position = event.position
      events++
      if (event.metadata['commandId']) this.memory.note(event)
    }
    this.#position = 0
    let start = clock.monotonic()
    const few = Math.min(this.model.snapshotEvery, maxFewEvents)
    let kept: KeptState | undefined
    let state = snapshots.isWithout(this.actorId)
      ? await this.#history.replayShort(few, visit)
      : undefined
    if (!state) {
      kept = await snapshots.load(this.model, this.actorId)
      if (kept && kept.commands.length > 0) this.memory.restore(kept.commands)
      if (kept) this.#position = undefined
      start = clock.monotonic()
      state = await this.#history.replay({ from: kept?.state, visit })
      if (!kept && events < few) snapshots.noteWithout(this.actorId)
    }
    this.#keptVersion = kept?.state.version ?? 0
    const ms = clock.monotonic() - start
    observer.loaded(this.type, { events, ms })
    if (ms >= limits.longReplayMs && state.version > this.#keptVersion) this.#keep(state, last)
    return state
  }

  /** @param last the event that led to the state */
  #keep(state: ActorState, last: StoredEvent | undefined): void {
    this.#keptVersion = state.version
    const { model } = this
    const eventId = last?.id
    this.around.snapshots.offer(this.actorId, { model, state, eventId, memory: this.#memory })
  }
}
