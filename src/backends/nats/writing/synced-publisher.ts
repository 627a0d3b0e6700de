import type { RetryBudget } from '../connection/retry-budget.ts'
import type { Certainty, CommitPublisher } from './commit-publisher.ts'
import type { ConditionalMessage } from './conditional-publisher.ts'
import type { GroupedPublisher } from './grouped-publisher.ts'

/** From so many on a batch is over sooner than as many syncs: docs/decisions/0098-appends-that-share-a-sync.md. */
const leastTogether = 16

/**
 * Publishes messages to a server that syncs its disk for each one by itself: a few at once as they come, and those
 * that come while many are under way in batches, which are synced as a whole.
 */
export class SyncedPublisher {
  readonly #single: CommitPublisher
  readonly #grouped: GroupedPublisher
  #underWay = 0

  constructor(single: CommitPublisher, grouped: GroupedPublisher) {
    this.#single = single
    this.#grouped = grouped
  }

  /** @throws as {@link CommitPublisher.publish} */
  async publish(messages: readonly ConditionalMessage[], budget: RetryBudget): Promise<Certainty> {
    const publisher = this.#underWay < leastTogether ? this.#single : this.#grouped
    this.#underWay++
    try {
      return await publisher.publish(messages, budget)
    } finally {
      this.#underWay--
    }
  }
}
