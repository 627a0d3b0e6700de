import type { Document } from '../../store/index.ts'

/** What the document of a member says, by which it shows that it lives. */
export interface LifeSign {
  /** The revision with which the document was made: never another's. */
  readonly identity: string
  /** After how many milliseconds without another revision it is dead. */
  readonly leaseMs: number
  /**
   * When it was shown, by the clock of who lives: milliseconds since 1970, UTC. Only for people and for those
   * who look from outside: clocks differ, so nobody is taken for dead by it.
   */
  readonly time: number
}

interface Sighting extends LifeSign {
  readonly revision: number
  readonly sinceMs: number
}

/** All keys of members begin so. */
export const memberPrefix = 'member/'

/** Others wait so much longer than a member itself: two clocks don't run equally fast. */
const patience = 1.01

const usualLeaseMs = 5_000

/** The text of a member's document; its identity is known once it was made. */
export function lifeSignText(said: Omit<LifeSign, 'identity'>, identity?: string): string {
  const { leaseMs, time } = said
  return JSON.stringify({ identity, leaseMs, time })
}

export function readLifeSign({ text, revision }: Document): LifeSign {
  let found: Partial<LifeSign>
  try {
    found = JSON.parse(text) as Partial<LifeSign>
  } catch {
    found = {}
  }
  const { identity = String(revision), leaseMs = usualLeaseMs, time = 0 } = found
  return { identity, leaseMs, time }
}

/**
 * When members were seen to change, by the monotonic clock of who watches. Whoever doesn't change for
 * its lease is dead, and must be buried before anything is taken from it: its document removed, if it
 * is still of that revision. From then on it can't say any more that it lives, and long before it has
 * stopped believing so: it counts from when it sent the sign, we from when we saw it.
 */
export class Sightings {
  readonly #seen = new Map<string, Sighting>()

  /** Of all that were there when they were last looked for. */
  get keys(): readonly string[] {
    return [...this.#seen.keys()]
  }

  /** @param nowMs a moment after the document was read */
  see(key: string, document: Document | undefined, nowMs: number): void {
    if (!document) this.#seen.delete(key)
    else if (this.#seen.get(key)?.revision !== document.revision)
      this.#seen.set(key, {
        ...readLifeSign(document),
        revision: document.revision,
        sinceMs: nowMs,
      })
  }

  isAlive(identity: string): boolean {
    return [...this.#seen.values()].some((sighting) => sighting.identity === identity)
  }

  /** Whose documents may be removed. */
  dead(nowMs: number): readonly { readonly key: string; readonly revision: number }[] {
    return [...this.#seen]
      .filter(([, { sinceMs, leaseMs }]) => nowMs >= sinceMs + leaseMs * patience)
      .map(([key, { revision }]) => ({ key, revision }))
  }
}
