import type { StoredEvent } from '../../core/index.ts'
import type { CommandIdentity } from './command.ts'

/** Where the events of one command stand. */
export interface CommandRecord {
  /** Behind `lastVersion` where it made no event. */
  readonly firstVersion: number
  readonly lastVersion: number
  /** Tells it from another command that was given the same id. */
  readonly digest: string
  /** Where the state stood in the log that it was answered with; only where it made no event. */
  readonly position?: number
}

/** A command that made events, as it is kept with a snapshot. */
export type RememberedCommand = readonly [
  id: string,
  digest: string,
  firstVersion: number,
  lastVersion: number,
]

/**
 * The newest commands of one actor by id, at most `limit` of them: restored from its events, and those
 * that made none since then.
 */
export class CommandMemory {
  readonly #limit: number
  readonly #records = new Map<string, CommandRecord>()

  constructor(limit: number) {
    this.#limit = limit
  }

  find(commandId: string): CommandRecord | undefined {
    return this.#records.get(commandId)
  }

  /** The version of the actor at which the oldest of them stands, or 1. */
  get oldestVersion(): number {
    for (const { firstVersion, lastVersion } of this.#records.values())
      return Math.min(firstVersion, lastVersion)
    return 1
  }

  /** Those that made events up to this version, oldest first: what {@link restore} takes. */
  remembered(toVersion: number): readonly RememberedCommand[] {
    return [...this.#records]
      .filter(([, { firstVersion, lastVersion }]) => firstVersion <= lastVersion)
      .filter(([, { lastVersion }]) => lastVersion <= toVersion)
      .map(([id, { digest, firstVersion, lastVersion }]) => [id, digest, firstVersion, lastVersion])
  }

  restore(commands: readonly RememberedCommand[]): void {
    for (const [id, digest, firstVersion, lastVersion] of commands)
      this.#keep(id, { firstVersion, lastVersion, digest })
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
    this.#keep(commandId, { firstVersion, lastVersion: version, digest: commandDigest })
  }

  /** Takes note of a command that made no event, at this version, which stands at this position. */
  noteEventless({ id, digest }: CommandIdentity, version: number, position: number): void {
    this.#keep(id, { firstVersion: version + 1, lastVersion: version, digest, position })
  }

  #keep(commandId: string, record: CommandRecord): void {
    this.#records.set(commandId, record)
    if (this.#records.size > this.#limit) this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const commandId of this.#records.keys()) {
      this.#records.delete(commandId)
      return
    }
  }
}
