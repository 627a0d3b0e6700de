import { expect } from 'vitest'
import type { ActorId } from '../../src/core/index.ts'
import { type EventStore, verifyStore } from '../../src/store/index.ts'
import { Writers } from './writers.ts'

const prices: ActorId = 'prices-main'
const writers = 12

/** A third sets prices, half of the time with something else; the others pay what they have seen, which they guard. */
export class Payments extends Writers<string> {
  readonly #store: EventStore

  constructor(store: EventStore) {
    super(writers, (writer, turn) =>
      writer % 3 ? pay(store, `payer-${writer}`, turn) : set(store, `told-${writer}`, turn),
    )
    this.#store = store
  }

  /** Each is stored once, and each payment where the price is the one that was seen. */
  async verify(): Promise<void> {
    let price = 0
    const found: string[] = []
    for await (const { type, version, data } of this.#store.readAll()) {
      const { name, seen } = data as { readonly name: string; readonly seen: number }
      if (type === 'Told') continue
      found.push(name)
      expect(seen).toBe(price)
      if (type === 'Set') price = version
    }
    expect(found.toSorted()).toEqual(this.acknowledged.toSorted())
    const problems = await Array.fromAsync(verifyStore(this.#store))
    expect(problems).toEqual([])
  }
}

async function set(store: EventStore, aside: ActorId, turn: number): Promise<string> {
  const name = `${aside}, ${turn}`
  for (;;) {
    const seen = await store.latestVersion(prices)
    const price = {
      actorId: prices,
      events: [{ type: 'Set', data: { name, seen } }],
      expectedVersion: seen,
    }
    const told = { actorId: aside, events: [{ type: 'Told', data: {} }], expectedVersion: 'any' } as const // prettier-ignore
    if ((await store.commit(turn % 2 ? [price, told] : [price])).ok) return name
  }
}

async function pay(store: EventStore, payer: ActorId, turn: number): Promise<string> {
  const name = `${payer}, ${turn}`
  for (;;) {
    const seen = await store.latestVersion(prices)
    const events = [{ type: 'Paid', data: { name, seen } }]
    const payment = { actorId: payer, events, expectedVersion: turn }
    const guard = { actorId: prices, events: [], expectedVersion: seen }
    if ((await store.commit([guard, payment])).ok) return name
  }
}
