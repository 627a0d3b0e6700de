import { AetherError } from '../core/index.ts'
import type { Command, CommandResult } from './command.ts'

/** A command and whoever waits for its answer. */
export interface Letter {
  readonly command: Command
  readonly signal: AbortSignal | undefined
  readonly answer: (result: CommandResult) => void
  readonly fail: (error: unknown) => void
}

/** The commands that wait for one actor, in order of arrival. */
export class Mailbox {
  readonly #owner: string
  readonly #capacity: number
  #letters: Letter[] = []

  constructor(owner: string, capacity: number) {
    this.#owner = owner
    this.#capacity = capacity
  }

  get size(): number {
    return this.#letters.length
  }

  /**
   * Resolves with the answer. A signal takes the command back as long as it waits here.
   * @throws AetherError `overloaded`
   */
  post(command: Command, signal: AbortSignal | undefined): Promise<CommandResult> {
    signal?.throwIfAborted()
    if (this.#letters.length >= this.#capacity) {
      const message = `${this.#letters.length} commands wait for ${this.#owner}: send again later`
      throw new AetherError('overloaded', message)
    }
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
    const letter: Letter = { command, signal, answer: resolve, fail: reject }
    this.#letters.push(letter)
    if (!signal) return promise
    const takeBack = (): void => {
      if (this.#remove(letter)) reject(signal.reason as Error)
    }
    signal.addEventListener('abort', takeBack, { once: true })
    return promise.finally(() => signal.removeEventListener('abort', takeBack))
  }

  /** Takes out the oldest letters: from here on they are being worked on. */
  take(count: number): Letter[] {
    return this.#letters.splice(0, count)
  }

  /** Puts letters back in front that were taken too early, but for those taken back meanwhile. */
  putBack(letters: readonly Letter[]): void {
    for (const { signal, fail } of letters) if (signal?.aborted) fail(signal.reason)
    const waiting = letters.filter(({ signal }) => !signal?.aborted)
    if (waiting.length > 0) this.#letters = [...waiting, ...this.#letters]
  }

  #remove(letter: Letter): boolean {
    const index = this.#letters.indexOf(letter)
    if (index >= 0) this.#letters.splice(index, 1)
    return index >= 0
  }
}
