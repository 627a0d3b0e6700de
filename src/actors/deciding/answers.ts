import { isAetherError, type StoredEvent } from '../../core/index.ts'
import type { ActorModel } from '../definition/model.ts'
import { type ActorState, initialOf } from '../replay/fold.ts'
import type { History, Moment } from '../replay/history.ts'
import { inPresentForm } from '../replay/stored-event.ts'
import type { CommandRecord, CommandResult } from './command.ts'
import { type Replying, replyTo } from './decide.ts'

/** A state that was kept of the actor at this version or before, if there is one. */
type KeptUpTo = (version: number) => Promise<ActorState | undefined>

/** Where the events of a command stand. */
type Place = Pick<CommandRecord, 'firstVersion' | 'lastVersion'>

/** A state, and where it stands in the log. */
type PlacedState = ActorState & { readonly position: number }

const noMoments: readonly Moment[] = []
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
  /** Events don't change, so it holds whatever happens to the actor. */
  #page: readonly Moment[] = noMoments
  /** The state before all commands that made events and are remembered: what was before it is read once. */
  #start: ActorState | undefined

  /** The past begins at what was `keptUpTo` a version, where something was. */
  constructor(model: ActorModel, history: History, keptUpTo: KeptUpTo) {
    this.#model = model
    this.#keptUpTo = keptUpTo
    this.#history = history
  }

  /**
   * Hardly a command before `oldestVersion` will be asked for.
   * @throws AetherError `malformed-event`, `actor-failed`, and those of the store
   */
  async of(
    record: CommandRecord,
    command: Replying,
    now: PlacedState,
    oldestVersion: number,
  ): Promise<CommandResult> {
    if (record.firstVersion > record.lastVersion) {
      const then = await this.#stateAt(record.lastVersion, now, oldestVersion)
      return this.#resultOf(command, then, [], record.position ?? now.position)
    }
    const isNewest = record.lastVersion === now.version
    const moments =
      this.#onPage(record) ??
      (isNewest ? await this.#newest(record, now) : await this.#turnTo(record, oldestVersion))
    const events = moments.map((moment) => moment.event)
    return this.#resultOf(command, moments.at(-1)?.after ?? now, events, now.position)
  }

  /** Lets the page go, which takes more memory than the actor; a next one costs little. */
  closePage(): void {
    this.#page = noMoments
  }

  async #stateAt(version: number, now: ActorState, oldestVersion: number): Promise<ActorState> {
    if (version === now.version) return now
    if (version === this.#start?.version) return this.#start
    if (version === 0) return initialOf(this.#model)
    const place = { firstVersion: version, lastVersion: version }
    const [moment] = this.#onPage(place) ?? (await this.#turnTo(place, oldestVersion))
    // A version that was left out is what had been before.
    return moment?.after ?? this.#history.at(version)
  }

  #resultOf(
    command: Replying,
    { version, state }: ActorState,
    stored: readonly StoredEvent[],
    eventlessPosition: number,
  ): CommandResult {
    const { actorId } = this.#history
    const after = { version, state }
    const events = stored.flatMap((event) => inPresentForm(this.#model, event) ?? [])
    const reply = replyTo(command, actorId, after, events)
    // That of one that is retired counts, too.
    const position = stored.at(-1)?.position ?? eventlessPosition
    return { actorId, version, position, events, state, reply }
  }

  #onPage({ firstVersion, lastVersion }: Place): readonly Moment[] | undefined {
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

  /** Reads from the closest state before it that is known here; else from one that was kept, or the first. */
  async #turnTo(place: Place, oldestVersion: number): Promise<readonly Moment[]> {
    const { firstVersion } = place
    const known = closestBefore(firstVersion, [this.#start, this.#page.at(-1)?.after])
    const page = known && (await this.#read(known, place, oldestVersion).catch(unlessTrimmed))
    this.#page =
      page ?? (await this.#read(await this.#keptBefore(firstVersion), place, oldestVersion))
    return this.#onPage(place) ?? []
  }

  async #keptBefore(version: number): Promise<ActorState> {
    return (await this.#keptUpTo(version - 1)) ?? initialOf(this.#model)
  }

  async #read(
    from: ActorState,
    { firstVersion, lastVersion }: Place,
    oldestVersion: number,
  ): Promise<readonly Moment[]> {
    const page: Moment[] = []
    let start = from
    const visit = (event: StoredEvent, after: ActorState): void => {
      if (event.version < oldestVersion) start = after
      if (event.version >= firstVersion) page.push({ event, after })
    }
    await this.#history.replay({ from, toVersion: lastVersion + pageEvents, visit })
    this.#start = closestBefore(oldestVersion, [this.#start, start]) ?? this.#start
    return page
  }
}

function closestBefore(
  version: number,
  states: readonly (ActorState | undefined)[],
): ActorState | undefined {
  let closest: ActorState | undefined
  for (const state of states)
    if (state && state.version < version && state.version >= (closest?.version ?? 0))
      closest = state
  return closest
}

/** Another process may have had the events removed; what was kept may cover them. */
function unlessTrimmed(error: unknown): undefined {
  if (isAetherError(error) && error.code === 'history-trimmed') return undefined
  throw error
}
