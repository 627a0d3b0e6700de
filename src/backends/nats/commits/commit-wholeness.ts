import type { StorageDamage } from '../../../store/index.ts'
import { isReadable, type ReadablePart, type StoredPart } from './commit-message.ts'
import { positionOf } from './event-position.ts'

/** A commit over several actors whose parts come one after the other. */
interface OpenCommit {
  readonly id: string
  readonly count: number
  /** Which part is to come next. */
  readonly next: number
  /** The sequence of the first part seen. */
  readonly sequence: number
}

/**
 * Looks at the messages of a stream in their order, and tells where one was removed and where a
 * commit isn't whole. A message that can't be read is told by others; here it counts for the part
 * that it stands in the place of.
 */
export class CommitWholeness {
  #open: OpenCommit | undefined
  #before: number | undefined
  /** How many messages right before can't be read. */
  #unreadable: number

  readonly #isTrimmed: boolean

  /**
   * Where it begins in the middle of the stream, the first commit may have begun before. From one that
   * `isTrimmed`, messages are removed by right: what is missing counts as what can't be read.
   */
  constructor(beginsInside: boolean, isTrimmed: boolean) {
    this.#isTrimmed = isTrimmed
    this.#unreadable = beginsInside || isTrimmed ? Infinity : 0
  }

  /** Whether the last commit seen lacks parts that may still come. */
  get isOpen(): boolean {
    return this.#open !== undefined
  }

  *next(part: StoredPart): Generator<StorageDamage> {
    const before = this.#before
    this.#before = part.sequence
    const missing = before === undefined ? 0 : part.sequence - before - 1
    if (this.#isTrimmed) this.#pass(missing)
    else if (before !== undefined && missing !== 0) {
      yield removed(before, part.sequence)
      yield* this.end()
      this.#unreadable = 0
    }
    if (isReadable(part)) {
      yield* this.#nextReadable(part)
      this.#unreadable = 0
    } else this.#pass(1)
  }

  /** Goes on behind so many that can't be seen. */
  #pass(count: number): void {
    for (let left = count; left > 0 && this.#open; left--) this.#advance()
    this.#unreadable += count
  }

  /** Tells whether parts are missing now that nothing else comes. */
  *end(): Generator<StorageDamage> {
    const open = this.#open
    this.#open = undefined
    if (open) yield torn(open, `its parts end with ${open.next} of ${open.count}`)
  }

  *#nextReadable({ commitId, part: place, sequence }: ReadablePart): Generator<StorageDamage> {
    const [index, count] = place ?? [0, 1]
    const open = this.#open
    if (open?.id === commitId && open.next === index && open.count === count) {
      this.#advance()
      return
    }
    yield* this.end()
    const commit = { id: commitId, count, next: index, sequence }
    if (index > this.#unreadable)
      yield torn(commit, `its parts begin with ${index + 1} of ${count}`)
    this.#open = commit
    this.#advance()
  }

  #advance(): void {
    if (!this.#open) return
    const next = this.#open.next + 1
    this.#open = next === this.#open.count ? undefined : { ...this.#open, next }
  }
}

function torn({ id, sequence }: OpenCommit, how: string): StorageDamage {
  return {
    kind: 'torn-commit',
    position: positionOf(sequence, 0),
    message: `the commit ${id} isn't whole: ${how}`,
  }
}

function removed(before: number, sequence: number): StorageDamage {
  const count = sequence - before - 1
  return {
    kind: 'removed-events',
    position: positionOf(before + 1, 0),
    message: `${count} ${count === 1 ? 'message was' : 'messages were'} removed from the stream: its sequence goes from ${before} to ${sequence}`,
  }
}
