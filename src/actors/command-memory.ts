import type { StoredEvent } from '../core/index.ts'

/** Where the events of one command stand. */
export interface CommandRecord {
  readonly firstVersion: number
  readonly lastVersion: number
  /** Tells it from another command that was given the same id. */
  readonly digest: string
}

/** The newest commands of one actor by id, restored from its events: at most `limit` of them. */
export class CommandMemory {
  readonly #limit: number
  readonly #records = new Map<string, CommandRecord>()

  constructor(limit: number) {
    this.#limit = limit
  }

  find(commandId: string): CommandRecord | undefined {
    return this.#records.get(commandId)
  }

  /** Takes note of an event; the events of a command come one after the other. */
  note({ version, metadata: { commandId, commandDigest } }: StoredEvent): void {
    // Without a digest, no actor stored it as the event of a command with an id.
    if (commandId === undefined || commandDigest === undefined) return
    const known = this.#records.get(commandId)
    const firstVersion = known?.firstVersion ?? version
    this.#records.set(commandId, { firstVersion, lastVersion: version, digest: commandDigest })
    if (this.#records.size > this.#limit) this.#forgetOldest()
  }

  #forgetOldest(): void {
    for (const commandId of this.#records.keys()) {
      this.#records.delete(commandId)
      return
    }
  }
}
