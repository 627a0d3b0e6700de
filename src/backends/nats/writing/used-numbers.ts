import type { SharedInbox } from '../connection/shared-inbox.ts'

/** What messages are answered under, one after the other. */
export interface UsedNumber {
  readonly number: number
  /** The greatest sequence that an answer under it told; 0: nothing was answered under it. */
  readonly newest: number
}

/** The server remembers so many subjects: `slCacheMax` of nats-server. */
const maxFree = 1_024

/**
 * The numbers under which the messages to one stream are answered, used again and again: the server has
 * to look up each subject that it doesn't remember, a tenth of what storing a message costs it.
 *
 * Only what was told to be stored gives its number back. A second answer to it tells the same sequence, or
 * refuses it: docs/decisions/0052-numbers-that-are-used-again.md.
 */
export class UsedNumbers {
  readonly #inbox: SharedInbox
  readonly #free: UsedNumber[] = []

  constructor(inbox: SharedInbox) {
    this.#inbox = inbox
  }

  take(): UsedNumber {
    return this.#free.pop() ?? { number: this.#inbox.newNumber(), newest: 0 }
  }

  /** What was sent under the number is stored, with this sequence. */
  giveBack({ number }: UsedNumber, sequence: number): void {
    if (this.#free.length < maxFree) this.#free.push({ number, newest: sequence })
  }
}
