import type { Backend, EventStore, StoredEvent, Subscription } from 'aether'

/** What the subscriptions of a store are at. */
export interface WatchedSubscriptions {
  open: number
  given: number
}

/** The same backend, whose subscriptions are counted. */
export function watched(backend: Backend, seen: WatchedSubscriptions): Backend {
  return {
    name: backend.name,
    async openStore(options) {
      const store = await backend.openStore(options)
      const subscribe = store.subscribe.bind(store)
      return Object.assign(store, {
        subscribe: (...args: Parameters<EventStore['subscribe']>) =>
          watch(subscribe(...args), seen),
      })
    },
  }
}

function watch(subscription: Subscription, seen: WatchedSubscriptions): Subscription {
  return {
    get checkpoint() {
      return subscription.checkpoint
    },
    remaining: (options) => subscription.remaining(options),
    async *[Symbol.asyncIterator](): AsyncGenerator<StoredEvent> {
      seen.open++
      try {
        for await (const event of subscription) {
          seen.given++
          yield event
        }
      } finally {
        seen.open--
      }
    },
  }
}
