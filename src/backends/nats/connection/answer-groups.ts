/**
 * How many answers are taken at once. With 64 requests under way or more, groups of 24 let the server work on
 * what the first ones ask next while the others are taken; smaller ones cost more writes to the socket:
 * docs/decisions/0083-answers-that-are-read-at-once.md.
 */
const groupSize = 24

interface Waiting {
  readonly take: (answer: never) => void
  readonly answer: unknown
}

/**
 * Hands answers over in groups, a turn of the event loop each. Whoever is answered asks again as a rule;
 * where hundreds of answers come at once, nothing would be sent before all of them were dealt with, and
 * the server would have nothing to do meanwhile.
 */
export class AnswerGroups {
  readonly #waiting: Waiting[] = []
  #taken = 0

  /** Somebody asks: the turn in which the last answers were taken has gone on. */
  asked(): void {
    this.#taken = 0
  }

  /** At once where few were taken before it, so that a lone answer waits for nothing. */
  hand<Answer>(take: (answer: Answer) => void, answer: Answer): void {
    if (this.#waiting.length === 0 && this.#taken < groupSize) {
      this.#taken++
      take(answer)
      return
    }
    this.#waiting.push({ take, answer })
    if (this.#waiting.length === 1) setImmediate(this.#handGroup)
  }

  readonly #handGroup = (): void => {
    for (const { take, answer } of this.#waiting.splice(0, groupSize)) take(answer as never)
    if (this.#waiting.length > 0) setImmediate(this.#handGroup)
  }
}
