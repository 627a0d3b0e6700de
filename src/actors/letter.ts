import { AetherError, type ActorId } from '../core/index.ts'
import type { Command, CommandResult } from './command.ts'

/**
 * A command on its way to an actor, and whoever waits for the answer. As long as it waits it can be
 * taken back; from then on only the answer ends it, or the time of its sender, who is told so.
 */
export class Letter {
  readonly actorId: ActorId
  readonly command: Command
  /** By the monotonic clock. */
  readonly deadline: number
  readonly answered: Promise<CommandResult>
  readonly #answer: (result: CommandResult) => void
  readonly #fail: (error: unknown) => void
  #isTaken = false
  #isDone = false
  #regret: { readonly reason: unknown } | undefined

  constructor(actorId: ActorId, command: Command, deadline: number) {
    this.actorId = actorId
    this.command = command
    this.deadline = deadline
    const { promise, resolve, reject } = Promise.withResolvers<CommandResult>()
    this.answered = promise
    this.#answer = resolve
    this.#fail = reject
  }

  /** True once its sender has an answer, of whichever kind. */
  get isDone(): boolean {
    return this.#isDone
  }

  /** From now on it is being carried out. */
  take(): void {
    this.#isTaken = true
  }

  /** It waits again, unless its sender wanted it back meanwhile. */
  putBack(): void {
    this.#isTaken = false
    if (this.#regret) this.fail(this.#regret.reason)
  }

  answer(result: CommandResult): void {
    this.#isDone = true
    this.#answer(result)
  }

  fail(error: unknown): void {
    this.#isDone = true
    this.#fail(error)
  }

  /** Takes it back, if nobody has begun with it. */
  withdraw(reason: unknown): void {
    if (this.#isTaken) this.#regret = { reason }
    else this.fail(reason)
  }

  expire(): void {
    const { name } = this.command
    this.fail(
      this.#isTaken
        ? new AetherError(
            'outcome-unknown',
            `${this.actorId} has not finished ${name} in time: repeat it with the same command id`,
          )
        : new AetherError(
            'timeout',
            `${this.actorId} did not get to ${name} in time: it was taken back and did nothing`,
          ),
    )
  }
}
