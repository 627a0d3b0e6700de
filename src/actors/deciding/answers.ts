import { isAetherError, type StoredEvent } from '../../core/index.ts'
import type { ActorModel } from '../definition/model.ts'
import type { DecidedEvent } from '../definition/spec.ts'
import { type ActorState, initialOf } from '../replay/fold.ts'
import type { History, Moment } from '../replay/history.ts'
import { readStored } from '../replay/stored-event.ts'
import type { CommandRecord } from './command-memory.ts'
import type { CommandResult } from './command.ts'
import { type Replying, replyTo } from './decide.ts'

/** A state that was kept of the actor at this version or before, if there is one. */
type KeptUpTo = (version: number) => Promise<ActorState | undefined>

/** A state, and where it stands in the log. */
type PlacedState = ActorState & { readonly position: number }

/** How many events behind the one that was asked for are read with it. */
const pageEvents = 200

/**
 * Answers commands that come again as they were answered the first time. Whoever sends commands
 * again mostly sends many, in the order of the first time; so the past is read page by page.
 */
export class Answers {
  readonly #model: ActorModel
  readonly #history: History
  readonly #keptUpTo: KeptUpTo
  #page: readonly Moment[] = []

  /** Where the first events were removed, the past begins at what was `keptUpTo` a version. */
  constructor(model: ActorModel, history: History, keptUpTo: KeptUpTo) {
    this.#model = model
    this.#keptUpTo = keptUpTo
    this.#history = history
  }

  /** @throws AetherError `malformed-event`, `actor-failed`, and those of the store */
  async of(record: CommandRecord, command: Replying, now: PlacedState): Promise<CommandResult> {
    if (record.firstVersion > record.lastVersion) return this.#eventless(record, command, now)
    const isNewest = record.lastVersion === now.version
    const moments =
      this.#onPage(record) ??
      (isNewest ? await this.#newest(record, now) : await this.#turnTo(record))
    const events = moments.map((moment) => moment.event)
    return this.#resultOf(command, moments.at(-1)?.after ?? now, events, now.position)
  }

  async #eventless(
    { lastVersion, position }: CommandRecord,
    command: Replying,
    now: PlacedState,
  ): Promise<CommandResult> {
    const then = lastVersion === now.version ? now : await this.#history.at(lastVersion)
    return this.#resultOf(command, then, [], position ?? now.position)
  }

  #resultOf(
    command: Replying,
    { version, state }: ActorState,
    events: readonly StoredEvent[],
    eventlessPosition: number,
  ): CommandResult {
    const { actorId } = this.#history
    const after = { version, state }
    const reply = replyTo(command, actorId, after, decidedIn(this.#model, events))
    const position = events.at(-1)?.position ?? eventlessPosition
    return { actorId, version, position, events, state, reply }
  }

  #onPage({ firstVersion, lastVersion }: CommandRecord): readonly Moment[] | undefined {
    const first = this.#page.findIndex(({ event }) => event.version === firstVersion)
    const last = this.#page.findIndex(({ event }) => event.version === lastVersion)
    return first < 0 || last < 0 ? undefined : this.#page.slice(first, last + 1)
  }

  /** The state after the newest command is known: only its events are read. */
  async #newest(
    { firstVersion, lastVersion }: CommandRecord,
    now: ActorState,
  ): Promise<readonly Moment[]> {
    const events = await this.#history.events(firstVersion, lastVersion)
    return events.map((event) => ({ event, after: now }))
  }

  async #turnTo(record: CommandRecord): Promise<readonly Moment[]> {
    const { firstVersion, lastVersion } = record
    const end = this.#page.at(-1)?.after
    const from = end && end.version < firstVersion ? end : initialOf(this.#model)
    const page: Moment[] = []
    const visit = (event: StoredEvent, after: ActorState): void => {
      if (event.version >= firstVersion) page.push({ event, after })
    }
    const toVersion = lastVersion + pageEvents
    try {
      await this.#history.replay({ from, toVersion, visit })
    } catch (error) {
      if (!isAetherError(error) || error.code !== 'history-trimmed') throw error
      const kept = await this.#keptUpTo(firstVersion - 1)
      if (!kept) throw error
      page.length = 0
      await this.#history.replay({ from: kept, toVersion, visit })
    }
    this.#page = page
    return this.#onPage(record) ?? []
  }
}

/** What was decided then, as the definition of today would say it. */
function decidedIn(model: ActorModel, events: readonly StoredEvent[]): readonly DecidedEvent[] {
  return events.flatMap((stored) => {
    const current = readStored(model, stored)
    return current ? [{ type: current.event.name, data: current.data }] : []
  })
}
