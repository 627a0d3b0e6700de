import { AetherError, type ActorId, type TraceSpan } from '../../core/index.ts'
import type { Command, CommandResult } from '../deciding/command.ts'
import { notWaiting, type Timed } from './deadlines.ts'

export interface LetterOptions {
  /** By the monotonic clock. */
  readonly sentAt: number
  /** By the monotonic clock. */
  readonly deadline: number
  /** Takes the command back as long as it waits. */
  readonly signal: AbortSignal | undefined
  /** What is to be seen of it in a trace, where one is recorded. */
  readonly span: TraceSpan | undefined
  /**
   * Called once, when its sender has an answer of whichever kind; with the time, by the monotonic clock,
   * where whoever answers has looked at it already.
   */
  readonly onDone: (letter: Letter, error: unknown, at: number | undefined) => void
}

/**
 * A command on its way to an actor, and whoever waits for the answer. As long as it waits it can be
 * taken back; from then on only the answer ends it, or the time of its sender, who is told so.
 */
export class Letter implements Timed {
  readonly actorId: ActorId
  readonly command: Command
  place = notWaiting
  readonly #options: LetterOptions
  readonly #answer = Promise.withResolvers<CommandResult>()
  #isTaken = false
  #isDone = false
  #isRegretted = false

  constructor(actorId: ActorId, command: Command, options: LetterOptions) {
    this.actorId = actorId
    this.command = command
    this.#options = options
  }

  get answered(): Promise<CommandResult> {
    return this.#answer.promise
  }

  get deadline(): number {
    return this.#options.deadline
  }

  get sentAt(): number {
    return this.#options.sentAt
  }

  get span(): TraceSpan | undefined {
    return this.#options.span
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
    if (this.#isRegretted) this.fail(this.#options.signal?.reason)
  }

  answer(result: CommandResult, at?: number): void {
    if (this.#isDone) return
    this.#end(undefined, at)
    this.#answer.resolve(result)
  }

  fail(error: unknown, at?: number): void {
    if (this.#isDone) return
    this.#end(error, at)
    this.#answer.reject(error)
  }

  /** The sender's signal: takes it back, if nobody has begun with it. */
  handleEvent(): void {
    this.#isRegretted = true
    if (!this.#isTaken) this.fail(this.#options.signal?.reason)
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

  #end(error: unknown, at: number | undefined): void {
    this.#isDone = true
    this.#options.signal?.removeEventListener('abort', this)
    this.#options.onDone(this, error, at)
  }
}
