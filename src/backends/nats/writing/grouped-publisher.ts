import { type ErrorCode, isAetherError } from '../../../core/index.ts'
import type { CommitPublisher } from './commit-publisher.ts'
import type { ConditionalMessage } from './conditional-publisher.ts'

interface Waiting {
  readonly messages: readonly ConditionalMessage[]
  readonly resolve: (isStored: boolean) => void
  readonly reject: (error: unknown) => void
}

/** How many of those that wait share one atomic batch. */
const maxPerBatch = 100

/** What would meet each of them alone as well. */
const isOfAll: ReadonlySet<ErrorCode> = new Set(['store-unavailable', 'outcome-unknown', 'closed'])

/**
 * Publishes sets of messages, each all or none. An atomic batch costs the server some milliseconds,
 * however many messages it has; so those that come while one is under way share the next.
 */
export class GroupedPublisher {
  readonly #publisher: CommitPublisher
  readonly #waiting: Waiting[] = []
  #isWorking = false

  constructor(publisher: CommitPublisher) {
    this.#publisher = publisher
  }

  /** False where an expectation was wrong. @throws as {@link CommitPublisher.publish} */
  publish(messages: readonly ConditionalMessage[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ messages, resolve, reject })
      if (!this.#isWorking) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    await Promise.resolve() // those that are sent in the same turn belong together
    while (this.#waiting.length > 0) await this.#publishAll(this.#nextGroup())
    this.#isWorking = false
  }

  /** A batch takes a subject once. */
  #nextGroup(): readonly Waiting[] {
    const subjects = new Set<string>()
    const isFree = ({ subject }: ConditionalMessage): boolean => !subjects.has(subject)
    const end = this.#waiting.findIndex(({ messages }, index) => {
      if (index === maxPerBatch || !messages.every(isFree)) return true
      for (const { subject } of messages) subjects.add(subject)
      return false
    })
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end)
  }

  async #publishAll(group: readonly Waiting[]): Promise<void> {
    try {
      const certainty = await this.#publisher.publish(group.flatMap(({ messages }) => messages))
      const isStored = certainty !== 'superseded'
      if (isStored || group.length === 1) for (const { resolve } of group) resolve(isStored)
      else await this.#publishEach(group)
    } catch (error) {
      const isOfOne = group.length > 1 && isAetherError(error) && !isOfAll.has(error.code)
      if (isOfOne) await this.#publishEach(group)
      else for (const { reject } of group) reject(error)
    }
  }

  /** What is wrong with one must not be its neighbours'. */
  async #publishEach(group: readonly Waiting[]): Promise<void> {
    for (const waiting of group) await this.#publishAll([waiting])
  }
}
