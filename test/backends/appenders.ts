import { expect } from 'vitest'
import type { ActorId } from '../../src/core/index.ts'
import type { EventStore } from '../../src/store/index.ts'
import { Writers } from './writers.ts'

const [ownActors, sharing] = [40, 10]

/** Append to 40 actors of their own, and 10 at once to one that they share. */
export class Appenders extends Writers<string> {
  readonly #store: EventStore

  constructor(store: EventStore) {
    super(ownActors + sharing, (writer, turn) =>
      writer < ownActors
        ? append(store, { actorId: `own-${writer}`, name: `event ${turn + 1}`, version: turn })
        : append(store, { actorId: 'shared-1', name: `writer ${writer}, ${turn}`, version: 'any' }),
    )
    this.#store = store
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
    expect(stored.toSorted()).toEqual(this.acknowledged.toSorted())
    expect(new Set(stored).size).toBe(stored.length)
  }
}

interface Noted {
  readonly actorId: ActorId
  readonly name: string
  readonly version: number | 'any'
}

async function append(store: EventStore, { actorId, name, version }: Noted): Promise<string> {
  const events = [{ type: 'Noted', data: name }]
  const result = await store.append(actorId, events, { expectedVersion: version })
  expect(result).toMatchObject({ ok: true, duplicate: false })
  return `${actorId} ${name}`
}
