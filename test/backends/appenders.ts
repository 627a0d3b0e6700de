import { expect } from 'vitest'
import type { ActorId } from '../../src/core/index.ts'
import type { AppendResult, EventStore } from '../../src/store/index.ts'
import { until } from '../support/until.ts'

/** Appends all the time: to 40 actors of their own, and 10 at once to one that they share. */
export class Appenders {
  readonly #store: EventStore
  readonly #acknowledged: { actorId: ActorId; name: string }[] = []
  readonly #ended: Promise<unknown>
  #isOver = false

  constructor(store: EventStore) {
    this.#store = store
    const own = Array.from({ length: 40 }, (_, index) => this.#appendTo(`own-${index}`))
    const shared = Array.from({ length: 10 }, (_, index) => this.#appendToShared(`writer ${index}`))
    this.#ended = Promise.all([...own, ...shared])
  }

  /** Resolves when so many more are acknowledged; rejects as soon as an append fails. */
  async untilMore(count: number): Promise<void> {
    const wanted = this.#acknowledged.length + count
    const reached = until(() => this.#acknowledged.length >= wanted, {
      description: `${count} more appends are acknowledged`,
      timeoutMs: 90_000,
    })
    await Promise.race([reached, this.#ended])
  }

  async finish(): Promise<void> {
    this.#isOver = true
    await this.#ended
  }

  /** All of it is stored once, nothing else is, and the versions of each actor are consecutive. */
  async verify(): Promise<void> {
    const names = new Map<ActorId, string[]>()
    for await (const { actorId, version, data } of this.#store.readAll()) {
      const known = names.get(actorId) ?? []
      names.set(actorId, [...known, data as string])
      expect(version).toBe(known.length + 1)
    }
    const stored = [...names].flatMap(([actorId, list]) => list.map((name) => `${actorId} ${name}`))
    const acknowledged = this.#acknowledged.map(({ actorId, name }) => `${actorId} ${name}`)
    expect(stored.toSorted()).toEqual(acknowledged.toSorted())
    expect(new Set(stored).size).toBe(stored.length)
  }

  async #appendTo(actorId: ActorId): Promise<void> {
    for (let version = 0; !this.#isOver; version++) {
      const name = `event ${version + 1}`
      const result = await this.#store.append(actorId, [{ type: 'Noted', data: name }], {
        expectedVersion: version,
      })
      this.#note(actorId, name, result)
    }
  }

  async #appendToShared(writer: string): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      const name = `${writer}, ${count}`
      const result = await this.#store.append('shared-1', [{ type: 'Noted', data: name }], {
        expectedVersion: 'any',
      })
      this.#note('shared-1', name, result)
    }
  }

  #note(actorId: ActorId, name: string, result: AppendResult): void {
    expect(result).toMatchObject({ ok: true, duplicate: false })
    this.#acknowledged.push({ actorId, name })
  }
}
