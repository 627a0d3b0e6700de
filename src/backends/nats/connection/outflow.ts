import type { NatsLink } from './nats-link.ts'

/** How much is sent before the server is asked whether it has it. */
const askAfterBytes = 1024 * 1024

/** How much may be under way: the client keeps it in memory. */
const maxBytes = 64 * 1024 * 1024

/** What was sent and may still be in the client's memory, as no answer would tell. */
export class Outflow {
  readonly #link: NatsLink
  #underWay = 0
  #unasked = 0
  /** What is told of a connection that is gone doesn't count. */
  #connection = 0

  constructor(link: NatsLink) {
    this.#link = link
  }

  get isFull(): boolean {
    return this.#underWay >= maxBytes
  }

  add(bytes: number): void {
    this.#underWay += bytes
    this.#unasked += bytes
    if (this.#unasked >= askAfterBytes) void this.#ask()
  }

  /** The connection is gone, and all with it. */
  reset(): void {
    this.#connection++
    this.#underWay = 0
    this.#unasked = 0
  }

  async #ask(): Promise<void> {
    const bytes = this.#unasked
    const connection = this.#connection
    this.#unasked = 0
    // It rejects where the connection is lost, which resets all.
    await this.#link.nats.flush().catch(() => undefined)
    if (connection === this.#connection) this.#underWay -= bytes
  }
}
