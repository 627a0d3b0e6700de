import type { StoredEvent } from '../core/index.ts'
import type { CommandRecord } from './command-memory.ts'
import type { CommandResult } from './command.ts'
import { type ActorState, initialOf } from './fold.ts'
import type { History } from './history.ts'
import type { ActorModel } from './model.ts'

/** An event, and what the actor was after it. */
interface Moment {
  readonly event: StoredEvent
  readonly after: ActorState
}

/** How many events behind the one that was asked for are read with it. */
const pageEvents = 200

/**
 * Answers commands that come again as they were answered the first time. Whoever sends commands
 * again mostly sends many, in the order of the first time; so the past is read page by page.
 */
export class Answers {
  readonly #model: ActorModel
  readonly #history: History
  #page: readonly Moment[] = []

  constructor(model: ActorModel, history: History) {
    this.#model = model
    this.#history = history
  }

  /** @throws AetherError `malformed-event`, `actor-failed`, and those of the store */
  async of(record: CommandRecord, now: ActorState): Promise<CommandResult> {
    const isNewest = record.lastVersion === now.version
    const moments =
      this.#onPage(record) ??
      (isNewest ? await this.#newest(record, now) : await this.#turnTo(record))
    const { version, state } = moments.at(-1)?.after ?? now
    const events = moments.map((moment) => moment.event)
    return { actorId: this.#history.actorId, version, events, state }
  }

  /** Gives back the memory of the page. */
  forget(): void {
    this.#page = []
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
    await this.#history.replay({ from, toVersion: lastVersion + pageEvents, visit })
    this.#page = page
    return this.#onPage(record) ?? []
  }
}
