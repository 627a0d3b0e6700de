import type { StoredEvent } from '../../core/index.ts'
import type { CommandIdentity, CommandRecord } from './command.ts'

/** A command that made events, as it is kept with a snapshot. */
export type RememberedCommand = readonly [
  id: string,
  digest: string,
  firstVersion: number,
  lastVersion: number,
]

type Records = Map<string, CommandRecord>

/**
 * The newest commands of one actor by id: at most `limit` of those that made events, restored from these,
 * and as many of those that made none, which only this process knows of. They are kept apart, so that no
 * command that is stored is forgotten for others that are not.
 */
export class CommandMemory {
  readonly #limit: number
  readonly #records: Records = new Map()
  #eventless: Records | undefined

  constructor(limit: number, eventless?: Records) {
    this.#limit = limit
    this.#eventless = eventless
  }

  find(commandId: string): CommandRecord | undefined {
    return this.#records.get(commandId) ?? this.#eventless?.get(commandId)
  }

  /** A memory of those that made no event, for what is stored to be read again; undefined where none did. */
  withoutEvents(): CommandMemory | undefined {
    return this.#eventless && new CommandMemory(this.#limit, this.#eventless)
  }

  /** The version at which the oldest that made an event stands; else the oldest that made none, or 1. */
  get oldestVersion(): number {
    const { value: oldest = this.#eventless?.values().next().value } = this.#records.values().next()
    return oldest ? Math.min(oldest.firstVersion, oldest.lastVersion) : 1
  }

  /** Those that made events up to this version, oldest first: what {@link restore} takes. */
  remembered(toVersion: number): readonly RememberedCommand[] {
    return [...this.#records]
      .filter(([, { lastVersion }]) => lastVersion <= toVersion)
      .map(([id, { digest, firstVersion, lastVersion }]) => [id, digest, firstVersion, lastVersion])
  }

  restore(commands: readonly RememberedCommand[]): void {
    for (const [id, digest, firstVersion, lastVersion] of commands)
      this.#keep(this.#records, id, { firstVersion, lastVersion, digest })
  }

  /**
   * Takes note of an event. The events of a command stand one right behind the other; what stands further
   * on belongs to another command that got the same id once the first one was forgotten.
   */
  note({ version, metadata: { commandId, commandDigest } }: StoredEvent): void {
    // Without a digest, no actor stored it as the event of a command with an id.
    if (commandId === undefined || commandDigest === undefined) return
    const known = this.#records.get(commandId)
    const goesOn = known?.lastVersion === version - 1
    // Kept anew, it is among the newest.
    if (known && !goesOn) this.#records.delete(commandId)
    const firstVersion = goesOn ? known.firstVersion : version
    this.#keep(this.#records, commandId, {
      firstVersion,
      lastVersion: version,
      digest: commandDigest,
    })
  }

  /** Takes note of a command that made no event, at this version, which stands at this position. */
  noteEventless({ id, digest }: CommandIdentity, version: number, position: number): void {
    this.#eventless ??= new Map()
    this.#keep(this.#eventless, id, {
      firstVersion: version + 1,
      lastVersion: version,
      digest,
      position,
    })
  }

  #keep(records: Records, commandId: string, record: CommandRecord): void {
    records.set(commandId, record)
    if (records.size > this.#limit) forgetOldest(records)
  }
}

function forgetOldest(records: Records): void {
  for (const commandId of records.keys()) {
    records.delete(commandId)
    return
  }
}
