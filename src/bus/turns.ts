/** Who has messages that must wait for a later turn of the event loop. */
interface Waiting {
  release(): void
}

/**
 * Keeps handlers from calling each other: what is published while one is called waits until the event loop
 * has come round. So they neither pile up on the stack nor keep timers and connections waiting.
 */
export class Turns {
  readonly #waiting = new Set<Waiting>()
  #isCalling = false

  /** Whether a handler is being called at this moment. */
  get isCalling(): boolean {
    return this.#isCalling
  }

  /** Calls a handler. @throws what it throws */
  call<Message>(handler: (message: Message) => unknown, message: Message): unknown {
    this.#isCalling = true
    try {
      return handler(message)
    } finally {
      this.#isCalling = false
    }
  }

  /** Releases it in a later turn, once however often it is said until then. */
  hold(waiting: Waiting): void {
    if (this.#waiting.size === 0) setImmediate(() => this.#releaseAll())
    this.#waiting.add(waiting)
  }

  #releaseAll(): void {
    const all = [...this.#waiting]
    this.#waiting.clear()
    for (const each of all) each.release()
  }
}
