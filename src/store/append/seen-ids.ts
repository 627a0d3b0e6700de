import { hash } from 'node:crypto'
import type { StoredEvent } from '../../core/index.ts'
import { RecentMap } from '../recent-map.ts'

/**
 * The ids of events that went by, each with its actor, as numbers of 48 bits, so that a million take
 * some tens of megabytes. Two may share a number: what was perhaps seen is to be looked up.
 */
export class SeenIds {
  readonly #numbers: RecentMap<number, true>

  /** @param count of how many events, those that went by last, the ids are remembered at least */
  constructor(count: number) {
    this.#numbers = new RecentMap(2 * count)
  }

  /** Remembers the id, and tells whether it was perhaps there before. */
  see({ actorId, id }: Pick<StoredEvent, 'actorId' | 'id'>): boolean {
    const digest = hash('sha1', JSON.stringify([actorId, id]), 'buffer')
    const number = digest.readUIntBE(0, 6)
    const wasThere = this.#numbers.get(number) ?? false
    this.#numbers.set(number, true)
    return wasThere
  }
}
