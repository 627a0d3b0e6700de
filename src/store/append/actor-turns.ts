import type { ActorId } from '../../core/index.ts'

/** Lets tasks of the same actor run one after the other, and those of different actors at once. */
export class ActorTurns {
  readonly #last = new Map<ActorId, Promise<unknown>>()

  /**
   * Runs the task when all earlier ones of each of these actors have ended. Turns are taken in one
   * order of the actors, so that no two tasks wait for each other. At each turn `check` may throw: whoever
   * doesn't want the task any more then doesn't wait for the next turn, and keep others waiting.
   */
  runAll<T>(
    actorIds: readonly ActorId[],
    task: () => Promise<T>,
    check: () => void = unconcerned,
  ): Promise<T> {
    const inTurn = actorIds.toSorted().reduceRight(
      (inner, actorId) => () =>
        this.run(actorId, () => {
          check()
          return inner()
        }),
      task,
    )
    return inTurn()
  }

  /** Runs the task when all earlier ones of this actor have ended, however they did. */
  async run<T>(actorId: ActorId, task: () => Promise<T>): Promise<T> {
    const turn = (this.#last.get(actorId) ?? Promise.resolve()).then(task)
    const ended = turn.catch(() => undefined)
    this.#last.set(actorId, ended)
    try {
      return await turn
    } finally {
      if (this.#last.get(actorId) === ended) this.#last.delete(actorId)
    }
  }
}

function unconcerned(): void {}
