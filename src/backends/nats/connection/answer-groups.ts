/**
 * How many answers are taken at once. With 256 requests under way, groups of 32 let the server work on
 * what the first ones ask next while the others are taken; smaller ones cost more writes to the socket.
 */
const groupSize = 32

interface Waiting<Answer> {
  readonly take: (answer: Answer) => void
  readonly answer: Answer
}

/**
 * Hands answers over in groups, a turn of the event loop each. Whoever is answered asks again as a rule;
 * where hundreds of answers come at once, nothing would be sent before all of them were dealt with, and
 * the server would have nothing to do meanwhile.
 */
export class AnswerGroups<Answer> {
  readonly #waiting: Waiting<Answer>[] = []
  #taken = 0

  /** Somebody asks: the turn in which the last answers were taken has gone on. */
  asked(): void {
    this.#taken = 0
  }

  /** At once where few were taken before it, so that a lone answer waits for nothing. */
  hand(take: (answer: Answer) => void, answer: Answer): void {
    if (this.#waiting.length === 0 && this.#taken < groupSize) {
      this.#taken++
      take(answer)
      return
    }
    this.#waiting.push({ take, answer })
    if (this.#waiting.length === 1) setImmediate(this.#handGroup)
  }

  readonly #handGroup = (): void => {
    for (const { take, answer } of this.#waiting.splice(0, groupSize)) take(answer)
    if (this.#waiting.length > 0) setImmediate(this.#handGroup)
  }
}
