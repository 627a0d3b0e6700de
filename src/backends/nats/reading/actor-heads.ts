import type { ActorId } from '../../../core/index.ts'
import { RecentMap } from '../../../store/index.ts'
import { isPageEnd, linksBehind, pageSize } from '../commits/back-links.ts'

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

/** An actor's commits right before its newest known one, as many as are known. */
export interface KnownChain {
  /** Each that of the actor's next message. */
  readonly sequences: readonly number[]
  /** How large a message of the actor may be, as far as they were seen. */
  readonly bytes: number
}

interface Known {
  head: ActorHead
  /** The commits right before those that it names: at most a page. */
  before: readonly number[]
  /** How large a message of the actor may be, as far as they were seen; 0: none was. */
  bytes: number
}

const none: readonly number[] = []

/** Remembers the newest known head of the actors used last. It may be behind, never ahead. */
export class ActorHeads {
  readonly #known: RecentMap<ActorId, Known>

  constructor(capacity: number) {
    this.#known = new RecentMap(capacity)
  }

  get(actorId: ActorId): ActorHead | undefined {
    return this.#known.use(actorId)?.head
  }

  /** Answers of requests that ran side by side may come in any order: the newest one stays. */
  learn(actorId: ActorId, head: ActorHead): void {
    const known = this.#known.use(actorId)
    if (!known) this.#known.add(actorId, { head, before: none, bytes: 0 })
    else if (known.head.sequence < head.sequence) {
      known.before = beforeIn(known, head)
      known.head = head
    }
  }

  /** A message of the actor is so large. */
  learnSize(actorId: ActorId, bytes: number): void {
    const known = this.#known.get(actorId)
    if (known && known.bytes < bytes) known.bytes = bytes
  }

  /** These are the actor's commits right before the one with this sequence. */
  learnBefore(actorId: ActorId, sequence: number, before: readonly number[]): void {
    const known = this.#known.get(actorId)
    if (known?.head.sequence !== sequence) return
    if (before.length > known.before.length + known.head.links.length)
      known.before = pageBefore(known.head.links, before)
  }

  /** Nothing where no message of the actor was seen. */
  chain(actorId: ActorId): KnownChain | undefined {
    const known = this.#known.get(actorId)
    if (!known || known.bytes === 0) return undefined
    const { head, before, bytes } = known
    return { sequences: before.length > 0 ? [...before, ...head.links] : head.links, bytes }
  }

  forget(actorId: ActorId): void {
    this.#known.delete(actorId)
  }
}

/** What is known to lie before the commits that a newer head names. */
function beforeIn({ head, before }: Known, { links }: ActorHead): readonly number[] {
  const [oldest] = links
  // A new page is begun once in so many commits: what the last one named goes before it.
  return oldest === head.links[0] ? before : pageBefore(links, [...head.links, head.sequence])
}

/** The page right before these links, of commits that are followed by them or lead into them. */
function pageBefore([oldest]: readonly number[], sequences: readonly number[]): readonly number[] {
  const end = oldest === undefined ? -1 : sequences.indexOf(oldest)
  return end > 0 ? sequences.slice(Math.max(0, end - pageSize), end) : none
}
