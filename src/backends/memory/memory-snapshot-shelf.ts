import type { ActorId } from '../../core/index.ts'
import type { Replaces, ShelfOffer, SnapshotShelf } from '../../store/index.ts'

/** The executable specification of a shelf for snapshots. */
export class MemorySnapshotShelf implements SnapshotShelf {
  readonly #texts = new Map<ActorId, string>()

  async load(actorId: ActorId): Promise<string | undefined> {
    return this.#texts.get(actorId)
  }

  async save(actorId: ActorId, { text }: ShelfOffer, replaces: Replaces): Promise<boolean> {
    if (!replaces(this.#texts.get(actorId))) return false
    this.#texts.set(actorId, text)
    return true
  }

  async close(): Promise<void> {}
}
