import { nextTurn } from '../../../core/index.ts'
import type { RetryBudget } from '../connection/retry-budget.ts'
import { type Certainty, type CommitPublisher, meetsAll } from './commit-publisher.ts'
import type { ConditionalMessage, PublishOutcome } from './conditional-publisher.ts'

/** Messages that are stored all or none. */
type Messages = readonly ConditionalMessage[]

interface Waiting {
  readonly messages: Messages
  readonly budget: RetryBudget
  readonly resolve: (certainty: Promise<Certainty>) => void
}

/** How many messages share one atomic batch, unless one set has more. */
const maxMessages = 200
/** How many characters all of them have, unless one set has more. */
const maxLength = 1_000_000

/**
 * Publishes sets of messages, each all or none. An atomic batch costs the server some milliseconds,
 * however many messages it has; so those that come while one is under way share the next.
 */
export class GroupedPublisher {
  readonly #publisher: CommitPublisher
  #waiting: Waiting[] = []
  #isWorking = false

  constructor(publisher: CommitPublisher) {
    this.#publisher = publisher
  }

  /** @throws as {@link CommitPublisher.publish} */
  async publish(
    messages: Messages,
    budget: RetryBudget = this.#publisher.newBudget(),
  ): Promise<Certainty> {
    this.#publisher.checkSize(messages)
    return new Promise((resolve) => {
      this.#waiting.push({ messages, budget, resolve })
      if (!this.#isWorking) void this.#work()
    })
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    while (this.#waiting.length > 0) {
      await nextTurn() // those that are sent in the same turn belong together
      await this.#publishAll(this.#nextGroup())
    }
    this.#isWorking = false
  }

  /** From the oldest on, those that have nothing to do with each other, and fit. */
  #nextGroup(): readonly Waiting[] {
    const room = new GroupRoom()
    const group: Waiting[] = []
    const rest: Waiting[] = []
    for (const waiting of this.#waiting) (room.take(waiting.messages) ? group : rest).push(waiting)
    this.#waiting = rest
    return group
  }

  /** Tries once. Where that doesn't make it certain, each goes on by itself, and nobody waits for it. */
  async #publishAll(all: readonly Waiting[]): Promise<void> {
    const group = this.#sendable(all)
    if (group.length === 0) return
    const outcome = await this.#publisher.attempt(group.flatMap(({ messages }) => messages))
    if (group.length > 1 && outcome.kind === 'not-now') return this.#putBack(group, outcome)
    if (group.length > 1 && isOfOne(outcome)) return this.#publishApart(group)
    let place = 0
    for (const waiting of group) {
      this.#goOn(waiting, outcomeAt(outcome, place))
      place += waiting.messages.length
    }
  }

  /**
   * Whoever waited too long behind others that went unanswered is told so, and not sent; and who is too large by now
   * for a server that takes less than the one before it.
   */
  #sendable(group: readonly Waiting[]): readonly Waiting[] {
    return group.filter((waiting) => {
      const isSent = !waiting.budget.isOver && this.#publisher.fits(waiting.messages)
      if (!isSent) this.#goOn(waiting, notSent)
      return isSent
    })
  }

  /**
   * Nothing was stored, and the same may succeed a moment later, say once another process's guard of the same actor
   * is through: together, as each by itself would be in the way of the others there.
   */
  async #putBack(group: readonly Waiting[], outcome: PublishOutcome): Promise<void> {
    const budget = group[0]?.budget
    const mayGoOn = (await budget?.pause()) || budget?.isOver
    if (mayGoOn) this.#waiting.unshift(...group)
    else for (const waiting of group) this.#goOn(waiting, outcome)
  }

  #goOn({ messages, budget, resolve }: Waiting, outcome: PublishOutcome): void {
    resolve(this.#publisher.goOn(outcome, messages, budget))
  }

  /** What is wrong with one must not be its neighbours': single messages go as such, and of batches each half. */
  async #publishApart(group: readonly Waiting[]): Promise<void> {
    const single = group.filter(({ messages }) => messages.length === 1)
    await Promise.all(single.map((waiting) => this.#publishAll([waiting])))
    const rest = group.filter((waiting) => !single.includes(waiting))
    const middle = Math.ceil(rest.length / 2)
    await this.#publishAll(rest.slice(0, middle))
    await this.#publishAll(rest.slice(middle))
  }
}

const notSent: PublishOutcome = {
  kind: 'not-now',
  cause: new Error('it waited for those before it'),
}

/** Whether nothing was stored for what may be wrong with one of them. */
function isOfOne(outcome: PublishOutcome): boolean {
  const { kind } = outcome
  return kind === 'superseded' || (kind === 'refused' && !meetsAll(outcome))
}

/** What it is to those that begin at a place in the batch. */
function outcomeAt(outcome: PublishOutcome, place: number): PublishOutcome {
  return outcome.kind === 'stored'
    ? { kind: 'stored', firstSequence: outcome.firstSequence + place }
    : outcome
}

/** What still goes into a group. */
class GroupRoom {
  readonly #changed = new Set<string>()
  readonly #guarded = new Set<string>()
  #messagesLeft = maxMessages
  #lengthLeft = maxLength
  #isFull = false

  /** Whether the set goes in. If not, none that comes later does that has to do with it. */
  take(messages: Messages): boolean {
    const isTaken = this.#hasRoom(messages) && messages.every((message) => this.#isFree(message))
    for (const { subject, expectedSubject } of messages)
      if (expectedSubject === undefined) this.#changed.add(subject)
      else this.#guarded.add(expectedSubject)
    return isTaken
  }

  /** One that is larger than all that fits goes alone. */
  #hasRoom(messages: Messages): boolean {
    const isFirst = this.#messagesLeft === maxMessages
    this.#messagesLeft -= messages.length
    for (const { body } of messages) this.#lengthLeft -= body.length
    this.#isFull ||= !isFirst && (this.#messagesLeft < 0 || this.#lengthLeft < 0)
    return !this.#isFull
  }

  /** Behind a change in the same batch, another one would expect what isn't there yet. */
  #isFree({ subject, expectedSubject }: ConditionalMessage): boolean {
    return expectedSubject === undefined
      ? !this.#changed.has(subject) && !this.#guarded.has(subject)
      : !this.#changed.has(expectedSubject)
  }
}
