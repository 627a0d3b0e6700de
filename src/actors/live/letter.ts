import { AetherError, type ActorId, keepSpecimen, type TraceSpan } from '../../core/index.ts'
import type { Command, CommandResult } from '../deciding/command.ts'
import { notWaiting, type Timed } from './deadlines.ts'
import { rejected } from './rejected.ts'

/** How a command was sent. */
export interface Sending {
  readonly actorId: ActorId
  readonly options: {
    /** Takes the command back as long as it waits. */
    readonly signal?: AbortSignal
  }
  /** By the monotonic clock. */
  readonly sentAt: number
  /** What is to be seen of it in a trace, where one is recorded. */
  readonly span: TraceSpan | undefined
}

/**
 * Called once, when the sender of the letter has an answer of whichever kind; with the time, by the
 * monotonic clock, where whoever answers has looked at it already.
 */
export type OnDone = (letter: Letter, error: unknown, at: number | undefined) => void

/** It takes a rejection as well: hardly any is one, and a function for that would be made for each letter. */
type Resolve = (answer: CommandResult | Promise<never>) => void

const unanswered: Resolve = () => undefined

/**
 * A command on its way to an actor, and whoever waits for the answer. As long as it waits it can be
 * taken back; from then on only the answer ends it, or the time of its sender, who is told so.
 */
export class Letter implements Timed {
  static {
    keepSpecimen(new Letter({} as Sending, {} as Command, Infinity, () => undefined))
  }

  readonly command: Command
  /** By the monotonic clock. */
  readonly deadline: number
  /** What whoever waits is told. */
  readonly answered: Promise<CommandResult>
  place = notWaiting
  readonly #sending: Sending
  readonly #onDone: OnDone
  #answer: Resolve = unanswered
  #isTaken = false
  #isDone = false
  #isRegretted = false

  constructor(sending: Sending, command: Command, deadline: number, onDone: OnDone) {
    this.command = command
    this.deadline = deadline
    this.#sending = sending
    this.#onDone = onDone
    this.answered = new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  get sentAt(): number {
    return this.#sending.sentAt
  }

  get span(): TraceSpan | undefined {
    return this.#sending.span
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
    if (this.#isRegretted) this.fail(this.#sending.options.signal?.reason)
  }

  answer(result: CommandResult, at?: number): void {
    if (this.#isDone) return
    this.#end(undefined, at)
    this.#answer(result)
  }

  fail(error: unknown, at?: number): void {
    if (this.#isDone) return
    this.#end(error, at)
    this.#answer(rejected(error))
  }

  /** The sender's signal: takes it back, if nobody has begun with it. */
  handleEvent(): void {
    this.#isRegretted = true
    if (!this.#isTaken) this.fail(this.#sending.options.signal?.reason)
  }

  expire(): void {
    const { name } = this.command
    const { actorId } = this.#sending
    this.fail(
      this.#isTaken
        ? new AetherError(
            'outcome-unknown',
            `${actorId} has not finished ${name} in time: repeat it with the same command id`,
          )
        : new AetherError(
            'timeout',
            `${actorId} did not get to ${name} in time: it was taken back and did nothing`,
          ),
    )
  }

  #end(error: unknown, at: number | undefined): void {
    this.#isDone = true
    this.#sending.options.signal?.removeEventListener('abort', this)
    this.#onDone(this, error, at)
  }
}
