import { type ActorId, parseActorId } from '../../core/index.ts'
import type {
  AgendaEntry,
  AgendaKey,
  Claim,
  ClaimRequest,
  ClaimTable,
  NextEntry,
  ReplacesEntry,
} from '../../store/index.ts'

interface Row extends Claim {
  readonly type: string
  /** When it may be claimed. */
  readonly available: number
}

/** The executable specification of a table of claims. */
export class MemoryClaimTable implements ClaimTable {
  readonly #rows = new Map<string, Row>()
  readonly #watchers = new Set<() => void>()
  /**
   * By type, when the first can be claimed, or earlier: what was taken away since may count. Whoever has put one
   * looks for what is due, and would go through all that wait otherwise.
   */
  readonly #earliest = new Map<string, number>()
  #revision = 0

  async put(entry: AgendaEntry, replaces: ReplacesEntry): Promise<boolean> {
    if (!replaces(this.#rows.get(spelled(entry))?.entry)) return false
    this.#insert(entry)
    return true
  }

  async remove(key: AgendaKey): Promise<boolean> {
    return this.#delete(spelled(key))
  }

  async *list(actorId: ActorId | undefined): AsyncGenerator<AgendaEntry> {
    for (const { entry } of [...this.#rows.values()])
      if (actorId === undefined || entry.actorId === actorId) yield entry
  }

  async claim({ types, now, until, limit }: ClaimRequest): Promise<readonly Claim[]> {
    if (this.#next(types) > now) return []
    const due = this.#of(types)
      .filter(({ available }) => available <= now)
      .toSorted((a, b) => a.available - b.available)
      .slice(0, limit)
    const claims = due.map((row) => {
      const claimed = { ...row, available: until, claims: row.claims + 1 }
      this.#rows.set(spelled(row.entry), claimed)
      return claimed
    })
    for (const type of types) this.#earliest.delete(type)
    for (const row of this.#of(types)) this.#note(row)
    return claims
  }

  async settle(claim: Claim, next: NextEntry | undefined): Promise<void> {
    const key = spelled(claim.entry)
    const row = this.#rows.get(key)
    if (row?.revision !== claim.revision || row.claims !== claim.claims) return
    if (next) this.#insert({ ...claim.entry, ...next })
    else this.#delete(key)
  }

  async nextClaimable(types: readonly string[]): Promise<number | undefined> {
    const next = this.#next(types)
    return next === Infinity ? undefined : next
  }

  async countClaimable(
    types: readonly string[],
    now: number,
  ): Promise<ReadonlyMap<string, number>> {
    const due = this.#of(types).filter(({ available }) => available <= now)
    return new Map(types.map((type) => [type, due.filter((row) => row.type === type).length]))
  }

  watch(wake: () => void): Disposable {
    // Each its own, also where the same function watches twice.
    const watcher = (): void => wake()
    this.#watchers.add(watcher)
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) }
  }

  async close(): Promise<void> {}

  #of(types: readonly string[]): Row[] {
    return [...this.#rows.values()].filter(({ type }) => types.includes(type))
  }

  #next(types: readonly string[]): number {
    return types.reduce(
      (next, type) => Math.min(next, this.#earliest.get(type) ?? Infinity),
      Infinity,
    )
  }

  #note({ type, available }: Row): void {
    this.#earliest.set(type, Math.min(available, this.#earliest.get(type) ?? Infinity))
  }

  #delete(key: string): boolean {
    const wasThere = this.#rows.delete(key)
    if (this.#rows.size === 0) this.#earliest.clear()
    return wasThere
  }

  #insert({ actorId, kind, name, due, text }: AgendaEntry): void {
    const entry = { actorId, kind, name, due, text }
    const { type } = parseActorId(actorId)
    const row = { entry, type, available: due, revision: ++this.#revision, claims: 0 }
    this.#rows.set(spelled(entry), row)
    this.#note(row)
    for (const wake of this.#watchers) wake()
  }
}

function spelled({ actorId, kind, name }: AgendaKey): string {
  return JSON.stringify([actorId, kind, name])
}
