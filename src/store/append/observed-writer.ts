import type { ActorId } from '../../core/index.ts'
import type { CommitLog, WriteOutcome } from '../commit-log.ts'
import type { StoreObserver } from '../store-observer.ts'
import type { Commit } from './commit.ts'

/** Tells an observer what became of each write, and how long it took. */
export class ObservedWriter implements Pick<CommitLog, 'write'> {
  readonly #writer: Pick<CommitLog, 'write'>
  readonly #observer: StoreObserver
  readonly #look: () => number

  /** @param look tells the time in milliseconds, by a clock that is never set back */
  constructor(writer: Pick<CommitLog, 'write'>, observer: StoreObserver, look: () => number) {
    this.#writer = writer
    this.#observer = observer
    this.#look = look
  }

  write(commit: Commit): WriteOutcome | Promise<WriteOutcome> {
    const start = this.#look()
    const outcome = this.#writer.write(commit)
    return outcome instanceof Promise
      ? this.#written(commit, outcome, start)
      : this.#told(commit, outcome, start)
  }

  #written(commit: Commit, writing: Promise<WriteOutcome>, start: number): Promise<WriteOutcome> {
    return writing.then(
      (outcome) => this.#told(commit, outcome, start),
      (failure: unknown) => {
        this.#observer.failed(failure, this.#look() - start)
        throw failure
      },
    )
  }

  #told({ parts }: Commit, outcome: WriteOutcome, start: number): WriteOutcome {
    const ms = this.#look() - start
    if (outcome.ok) this.#observer.stored(outcome.parts, ms)
    else this.#observer.conflicted(parts[outcome.partIndex]?.actorId as ActorId, ms)
    return outcome
  }
}
