import type { ActorId, Clock } from '../../core/index.ts'
import type { CommitLog, WriteOutcome } from '../commit-log.ts'
import type { StoreObserver } from '../store-observer.ts'
import type { Commit } from './commit.ts'

/** Tells an observer what became of each write, and how long it took. */
export class ObservedWriter implements Pick<CommitLog, 'write'> {
  readonly #writer: Pick<CommitLog, 'write'>
  readonly #observer: StoreObserver
  readonly #clock: Clock

  constructor(writer: Pick<CommitLog, 'write'>, observer: StoreObserver, clock: Clock) {
    this.#writer = writer
    this.#observer = observer
    this.#clock = clock
  }

  write(commit: Commit): WriteOutcome | Promise<WriteOutcome> {
    const start = this.#clock.monotonic()
    const outcome = this.#writer.write(commit)
    return outcome instanceof Promise
      ? this.#written(commit, outcome, start)
      : this.#told(commit, outcome, start)
  }

  #written(commit: Commit, writing: Promise<WriteOutcome>, start: number): Promise<WriteOutcome> {
    return writing.then(
      (outcome) => this.#told(commit, outcome, start),
      (failure: unknown) => {
        this.#observer.failed(failure, this.#clock.monotonic() - start)
        throw failure
      },
    )
  }

  #told({ parts }: Commit, outcome: WriteOutcome, start: number): WriteOutcome {
    const ms = this.#clock.monotonic() - start
    if (outcome.ok) this.#observer.stored(outcome.parts, ms)
    else this.#observer.conflicted(parts[outcome.partIndex]?.actorId as ActorId, ms)
    return outcome
  }
}
