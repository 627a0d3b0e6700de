import type { ActorId } from '../../../core/index.ts'
import { RecentMap } from '../../../store/index.ts'
import { isPageEnd, linksBehind } from '../commits/back-links.ts'

/** Where an actor stands: its newest commit. */
export interface ActorHead {
  /** Of that commit in the stream; what a conditional write must expect. 0: there is none. */
  readonly sequence: number
  /** Of the last event in that commit. */
  readonly version: number
  /** The commits that it names: see back-links.ts. */
  readonly links: readonly number[]
  /** What the next end of a page is to name, if that is known: see back-links.ts. */
  readonly pages: readonly number[] | undefined
}

/** An actor that has no events. */
export const noHead: ActorHead = { sequence: 0, version: 0, links: [], pages: [] }

/** Whether all is known that the next commit is to name. */
export function isEnoughToWrite({ sequence, links, pages }: ActorHead): boolean {
  return pages !== undefined || !isPageEnd(linksBehind(sequence, links))
}

/** Remembers the newest known head of the actors used last. It may be behind, never ahead. */
export class ActorHeads {
  readonly #heads: RecentMap<ActorId, ActorHead>

  constructor(capacity: number) {
    this.#heads = new RecentMap(capacity)
  }

  get(actorId: ActorId): ActorHead | undefined {
    const head = this.#heads.get(actorId)
    if (head) this.#heads.set(actorId, head)
    return head
  }

  /** Answers of requests that ran side by side may come in any order: the newest one stays. */
  learn(actorId: ActorId, head: ActorHead): void {
    const known = this.#heads.get(actorId)
    this.#heads.set(actorId, known && known.sequence > head.sequence ? known : head)
  }

  forget(actorId: ActorId): void {
    this.#heads.delete(actorId)
  }
}
