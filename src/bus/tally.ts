import type { BusCounters } from './event-bus.ts'

/** What a bus counts: {@link BusCounters}, while it goes on. */
export class Tally {
  published = 0
  received = 0
  subscriptions = 0
  errors = 0
  dropped = 0
  interruptions = 0

  get counters(): BusCounters {
    const { published, received, subscriptions, errors, dropped, interruptions } = this
    return { published, received, subscriptions, errors, dropped, interruptions }
  }
}
