/**
 * How many answers are taken at once: a quarter of the requests that were sent, so that the server works on what the
 * first ones ask next while the others are taken. Smaller groups cost both sides more writes to the socket, and
 * larger ones hold up the event loop: docs/decisions/0083-answers-that-are-read-at-once.md.
 */
const shareOfGroup = 1 / 4
const leastGroup = 24
const greatestGroup = 128

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
  readonly #underWay: () => number
  readonly #waiting: Waiting[] = []
  #taken = 0

  /** @param underWay how many requests were sent and not answered */
  constructor(underWay: () => number) {
    this.#underWay = underWay
  }

  /** Somebody asks: the turn in which the last answers were taken has gone on. */
  asked(): void {
    this.#taken = 0
  }

  /** At once where few were taken before it, so that a lone answer waits for nothing. */
  hand<Answer>(take: (answer: Answer) => void, answer: Answer): void {
    if (this.#waiting.length === 0 && this.#taken < leastGroup) {
      this.#taken++
      take(answer)
      return
    }
    this.#waiting.push({ take, answer })
    if (this.#waiting.length === 1) setImmediate(this.#handGroup)
  }

  readonly #handGroup = (): void => {
    const share = Math.floor((this.#underWay() + this.#waiting.length) * shareOfGroup)
    const size = Math.min(Math.max(leastGroup, share), greatestGroup)
    for (const { take, answer } of this.#waiting.splice(0, size)) take(answer as never)
    if (this.#waiting.length > 0) setImmediate(this.#handGroup)
  }
}
