import { expect } from 'vitest'
import type { ActorId, StoredEvent } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { until } from '../support/until.ts'

const accounts = 10
const writers = 20

/** Commits over two of ten actors all the time, 20 at once: most of them meet another there. */
export class Transfers {
  readonly #store: EventStore
  readonly #acknowledged: string[] = []
  readonly #ended: Promise<unknown>
  #isOver = false

  constructor(store: EventStore) {
    this.#store = store
    this.#ended = Promise.all(Array.from({ length: writers }, (_, writer) => this.#run(writer)))
  }

  /** Resolves when so many more are acknowledged; rejects as soon as one fails. */
  async untilMore(count: number): Promise<void> {
    const wanted = this.#acknowledged.length + count
    const reached = until(() => this.#acknowledged.length >= wanted, {
      description: `${count} more transfers are acknowledged`,
      timeoutMs: 90_000,
    })
    await Promise.race([reached, this.#ended])
  }

  async finish(): Promise<void> {
    this.#isOver = true
    await this.#ended
  }

  /** Each is stored once, both halves side by side; versions are consecutive. */
  async verify(): Promise<void> {
    const log = await Array.fromAsync(this.#store.readAll())
    const sent = log.filter((_, index) => index % 2 === 0)
    const received = log.filter((_, index) => index % 2 === 1)
    expect(sent.every((event) => event.type === 'Sent')).toBe(true)
    expect(received.map(nameOf)).toEqual(sent.map(nameOf))
    expect(sent.map(nameOf).toSorted()).toEqual(this.#acknowledged.toSorted())
    const versions = new Map<ActorId, number>()
    for (const { actorId, version } of log) {
      expect(version).toBe((versions.get(actorId) ?? 0) + 1)
      versions.set(actorId, version)
    }
  }

  async #run(writer: number): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      const data = `writer ${writer}, ${count}`
      const from = (writer + count) % accounts
      const to = (from + 1 + (count % (accounts - 1))) % accounts
      const result = await this.#store.commit([
        { actorId: `account-${from}`, events: [{ type: 'Sent', data }], expectedVersion: 'any' },
        { actorId: `account-${to}`, events: [{ type: 'Received', data }], expectedVersion: 'any' },
      ])
      expect(result).toMatchObject({ ok: true, duplicate: false })
      this.#acknowledged.push(data)
    }
  }
}

function nameOf({ data }: StoredEvent): string {
  return data as string
}
