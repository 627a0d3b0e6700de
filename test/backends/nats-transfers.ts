import { expect } from 'vitest'
import type { ActorId, StoredEvent } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { Writers } from './writers.ts'

const accounts = 10
const writers = 20

/** Commit over two of ten actors, 20 at once: most of them meet another there. */
export class Transfers extends Writers<string> {
  readonly #store: EventStore

  constructor(store: EventStore) {
    super(writers, (writer, turn) => transfer(store, writer, turn))
    this.#store = store
  }

  /** Each is stored once, both halves side by side; versions are consecutive. */
  async verify(): Promise<void> {
    const log = await Array.fromAsync(this.#store.readAll())
    const sent = log.filter((_, index) => index % 2 === 0)
    const received = log.filter((_, index) => index % 2 === 1)
    expect(sent.every((event) => event.type === 'Sent')).toBe(true)
    expect(received.map(nameOf)).toEqual(sent.map(nameOf))
    expect(sent.map(nameOf).toSorted()).toEqual(this.acknowledged.toSorted())
    const versions = new Map<ActorId, number>()
    for (const { actorId, version } of log) {
      expect(version).toBe((versions.get(actorId) ?? 0) + 1)
      versions.set(actorId, version)
    }
  }
}

async function transfer(store: EventStore, writer: number, turn: number): Promise<string> {
  const data = `writer ${writer}, ${turn}`
  const from = (writer + turn) % accounts
  const to = (from + 1 + (turn % (accounts - 1))) % accounts
  const result = await store.commit([
    { actorId: `account-${from}`, events: [{ type: 'Sent', data }], expectedVersion: 'any' },
    { actorId: `account-${to}`, events: [{ type: 'Received', data }], expectedVersion: 'any' },
  ])
  expect(result).toMatchObject({ ok: true, duplicate: false })
  return data
}

function nameOf({ data }: StoredEvent): string {
  return data as string
}
