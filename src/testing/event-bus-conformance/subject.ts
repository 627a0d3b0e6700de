import assert from 'node:assert/strict'
import type { BusMessage, EventBus, EventBusOptions, MessageFilter } from '../../bus/index.ts'
import type { EventStore } from '../../store/index.ts'

/** What a backend hands to the suite: an empty place of its own for every case. */
export interface EventBusSubject {
  /** Opens the place as one more process would. */
  readonly open: (options?: EventBusOptions) => Promise<OpenedBus>
  /** Whether those who opened the place hear each other. */
  readonly isShared: boolean
}

/** A store, and the bus over it. */
export interface OpenedBus extends AsyncDisposable {
  readonly store: EventStore
  readonly bus: EventBus
}

/** One who publishes, and one who hears: two processes where they hear each other, else one and the same. */
export async function openPair(
  { open, isShared }: EventBusSubject,
  options?: EventBusOptions,
): Promise<{ here: OpenedBus; there: OpenedBus } & AsyncDisposable> {
  const here = await open(options)
  const there = isShared ? await open(options) : here
  return {
    here,
    there,
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]()
      if (isShared) await there[Symbol.asyncDispose]()
    },
  }
}

/**
 * Waits until what one publishes comes to all who subscribed at the other: servers of a cluster tell each
 * other of subscriptions one after the other.
 */
export async function settle(publisher: OpenedBus, hearer: OpenedBus): Promise<void> {
  await hearer.bus.flush()
  const send = publisher.store.broadcast?.sender(['probe'])
  if (!send || publisher === hearer) return
  const pattern = { parts: ['probe'], isOpen: false }
  let isHeard = false
  using _listening = hearer.store.broadcast?.listen(pattern, () => void (isHeard = true))
  await until(() => send('probe') && isHeard, 'one hears the other')
}

/** What the bus gives to a subscriber, as it comes. */
export function hear(bus: EventBus, filter: string | MessageFilter = '>'): BusMessage[] {
  const heard: BusMessage[] = []
  bus.subscribe(filter, (message) => void heard.push(message))
  return heard
}

export function typesOf(messages: readonly { readonly type: string }[]): string[] {
  return messages.map((message) => message.type)
}

const maxMs = 60_000

/** Waits until it is so. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const start = performance.now()
  while (!condition()) {
    assert.ok(performance.now() - start < maxMs, `waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
