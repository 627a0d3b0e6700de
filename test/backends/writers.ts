import { until } from '../support/until.ts'

/** Write all the time, all at once, each of them one thing after the other, until they are to finish. */
export class Writers<Written> {
  /** What was acknowledged, as the writers call it. */
  readonly acknowledged: Written[] = []
  readonly #ended: Promise<unknown>
  #isOver = false

  /** `write` rejects where something isn't acknowledged as it should be. */
  constructor(count: number, write: (writer: number, turn: number) => Promise<Written>) {
    const run = async (writer: number): Promise<void> => {
      for (let turn = 0; !this.#isOver; turn++) this.acknowledged.push(await write(writer, turn))
    }
    this.#ended = Promise.all(Array.from({ length: count }, (_, writer) => run(writer)))
  }

  /** Resolves when so many more are acknowledged; rejects as soon as one fails. */
  async untilMore(count: number): Promise<void> {
    const wanted = this.acknowledged.length + count
    const reached = until(() => this.acknowledged.length >= wanted, {
      description: `${count} more are acknowledged`,
      timeoutMs: 90_000,
    })
    await Promise.race([reached, this.#ended])
  }

  async finish(): Promise<void> {
    this.#isOver = true
    await this.#ended
  }
}
